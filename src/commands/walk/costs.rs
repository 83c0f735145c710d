//! What a walk can cost at most, and whether somebody agrees to it.
//!
//! Invariant: `--yes` never spends money.

use super::{NetworkName, Request};
use crate::cluster::Ceiling;
use crate::error::{Error, Result};
use crate::exec::narrate;
use crate::runner::{Project, Prompt, Signals};

/// `--yes` answers questions about steps; money is another matter. On a real network the most that the walk can cost is
/// said, and on the mainnet somebody has to agree to it.
pub(super) fn consent_to_costs(
    request: &Request,
    project: &Project,
    on_terminal: bool,
    signals: &Signals,
) -> Result<()> {
    let money = match request.network {
        NetworkName::Local | NetworkName::Localnet => return Ok(()),
        NetworkName::Testnet => "test tokens, which are worth nothing",
        NetworkName::Mainnet => "GLM; the chain's own fees come on top",
    };
    let lines = Ceiling::of(&project.cluster, request.lease).words();
    narrate(&format!("What this walk can cost, in {money}:\n  {}\n", lines.join("\n  ")));
    if request.network == NetworkName::Testnet || request.spend {
        return Ok(());
    }
    let refused = || {
        Error::usage("a walk on the mainnet spends GLM, and nobody has agreed to that")
            .hint("`golem-outbound run --network mainnet --spend`, after a look at total_budget in golem-cluster.yaml")
            .hint("or practise for nothing: `golem-outbound run --network localnet`")
    };
    if !on_terminal {
        return Err(refused());
    }
    let question = "This walk rents real machines and spends GLM. Type `spend` to agree: ";
    match Prompt::new(signals.clone(), request.plain).line(question).as_deref() {
        Some("spend") => Ok(()),
        _ => Err(refused()),
    }
}
