//! A shell where a step's command would run: the same folder, variables and namespaces.
//!
//! May import `network`, `tutorial`. Invariant: no start-up file of the reader changes what the step would see.

use crate::network::{Invocation, Network};
use crate::tutorial::Step;

/// The call of a shell in place of the step's first command; `keep_daemons` as for that command.
pub fn shell_for(step: &Step, network: &dyn Network, keep_daemons: bool) -> Invocation {
    let first = step.run.first().map(Vec::as_slice).unwrap_or_default();
    let mut invocation = network.command(first, step.timeout, keep_daemons);
    // Whatever the network has put before the command leads into the place where it runs.
    let before = invocation.argv.len().saturating_sub(first.len());
    invocation.argv.truncate(before);
    if which::which("bash").is_ok() {
        invocation.argv.extend(["bash", "--noprofile", "--norc", "-i"].map(Into::into));
    } else {
        invocation.argv.extend(["sh", "-i"].map(Into::into));
        invocation.env_remove.push("ENV".into());
    }
    invocation.env.push(("PS1".into(), format!("({}) \\w $ ", step.id).into()));
    invocation
}
