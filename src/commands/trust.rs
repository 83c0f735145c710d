//! The question whether somebody else's commands may run on this machine.
//!
//! May import everything. Invariant: nothing of such a tutorial has run before the question is answered, every command of it
//! is shown, and `--yes` is no answer.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::paragraph::{error_width, fill};
use super::walk::Request;
use crate::error::{Error, Result};
use crate::exec::marker::fingerprint;
use crate::exec::narrate;
use crate::runner::{Lease, Project, Prompt, Signals, Trusted};
use crate::scaffold;
use crate::tutorial::Tutorial;
use crate::tutorial::orders::{Order, When, lines, orders, visible};

/// Goes on if the tutorial's commands are the template's, or were agreed to before, or are agreed to now.
///
/// # Errors
/// Nobody agreed: a usage error that says how to.
pub fn agree(project: &Project, tutorial: &Tutorial, request: &Request) -> Result<()> {
    let network = request.network.name();
    let orders = orders(tutorial);
    if !project.steps.is_guest && are_the_templates(project, network, &orders) {
        return Ok(());
    }
    let mut told = lines(&orders);
    if project.steps.is_guest {
        told.extend(named_files(project, &orders)?);
    }
    let mut trusted = Trusted::of_user();
    if trusted.knows(&told) {
        return Ok(());
    }
    if let Some(problem) = trusted.problem() {
        narrate(&format!("note: {}\n", visible_text(problem)));
    }
    narrate(&shown(project, &told, trusted.last(&project.steps.folder)));
    if !(request.trust || answered(project, request.plain)?) {
        return Err(refused(project));
    }
    if !trusted.remember(&project.steps.folder, &told)? {
        narrate("note: neither HOME nor XDG_STATE_HOME is set, so this is asked again next time\n");
    }
    Ok(())
}

/// Whether each command is one of the template's own, filled with this project's values. Its prose, its hints and its checks
/// may be as they like: they run nothing.
fn are_the_templates(project: &Project, network: &str, told: &[Order]) -> bool {
    let Ok(ours) = Tutorial::load(&scaffold::step_files(), &project.values(network)) else { return false };
    let ours: Vec<(When, Vec<String>)> =
        orders(&ours).into_iter().map(|order| (order.when, order.argv)).collect();
    told.iter().all(|order| ours.contains(&(order.when, order.argv.clone())))
}

/// The files of the tutorial that its commands name, with their hashes: what they hold is run as well.
fn named_files(project: &Project, orders: &[Order]) -> Result<Vec<String>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let words = orders.iter().flat_map(|order| &order.argv).flat_map(|argument| {
        argument.split([' ', '\n', '\t', '=', ';', '\'', '"', '|', '&', '(', ')']).chain([argument.as_str()])
    });
    for word in words.filter(|word| !word.is_empty()) {
        let Ok(path) = dunce::canonicalize(project.folder.join(word)) else { continue };
        if path.starts_with(&project.steps.folder) && path.is_file() && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    let line = |path: PathBuf| {
        let content = std::fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
        let name = path.strip_prefix(&project.steps.folder).unwrap_or(Path::new("")).display().to_string();
        Ok(format!("file {}: sha256 {}", visible(&name), fingerprint(&content)))
    };
    paths.into_iter().map(line).collect()
}

/// What is asked about.
fn shown(project: &Project, told: &[String], before: Option<&[String]>) -> String {
    let name = visible_text(&project.steps.name);
    let folder = visible_text(&project.folder.display().to_string());
    let columns = error_width().unwrap_or(usize::MAX);
    let said = |text: &str| fill("", "", text, columns);
    let mut text = said(&format!(
        "The tutorial in `{name}` is not the one of this program. It would run, in `{folder}`:"
    ));
    text.push('\n');
    for line in told {
        text += &format!("  {line}\n");
    }
    if let Some(before) = before {
        let new = told.iter().filter(|line| !before.contains(line)).map(|line| format!("  + {line}\n"));
        let gone = before.iter().filter(|line| !told.contains(line)).map(|line| format!("  - {line}\n"));
        let changed: String = gone.chain(new).collect();
        let changed = if changed.is_empty() { "  the order of the commands\n".to_owned() } else { changed };
        let before = said("You agreed to it before. Since then this has changed:");
        text += &format!("\n{before}\n{changed}");
    }
    format!("{text}\n{}", said("These commands run on this machine with all of your rights."))
}

/// Whether somebody at a terminal typed the word.
fn answered(project: &Project, plain: bool) -> Result<bool> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(refused(project));
    }
    let answer = Prompt::new(Signals::catch(Lease::default())?, plain).line("Type `trust` to agree: ");
    Ok(answer.as_deref() == Some("trust"))
}

fn refused(project: &Project) -> Error {
    let name = visible_text(&project.steps.name);
    let own = "golem-outbound run --trust".to_owned();
    let command =
        if project.steps.is_guest { format!("golem-outbound run --tutorial {name} --trust") } else { own };
    Error::usage(format!("the walk cannot begin: nobody has agreed to the commands of `{name}`"))
        .hint(format!("read them, they stand above; then agree: `{command}`"))
        .hint("`--yes` does not answer this question")
}

/// A text of ours with somebody else's words in it: what cannot be seen is shown as an escape.
fn visible_text(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

    #[test]
    fn the_commands_of_the_docs_example_are_the_template_s_on_every_network() {
        let project = Project::load(&Path::new(EXAMPLES).join("docs-outbound")).unwrap();
        for network in ["local", "localnet", "testnet", "mainnet"] {
            let orders = orders(&project.tutorial(network).unwrap());
            assert!(are_the_templates(&project, network, &orders), "{network}");
        }
    }

    #[test]
    fn one_other_command_is_enough_to_be_asked_about() {
        let project = Project::load(&Path::new(EXAMPLES).join("docs-outbound")).unwrap();
        let mut orders = orders(&project.tutorial("localnet").unwrap());
        orders[3].argv.push("--more".into());
        assert!(!are_the_templates(&project, "localnet", &orders));
    }

    #[test]
    fn what_changed_since_is_shown() {
        let project = Project::load(&Path::new(EXAMPLES).join("docs-outbound")).unwrap();
        let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
        let text = shown(&project, &lines("a: x\nb: y"), Some(&lines("a: x\nb: z")));
        assert!(text.contains("has changed:\n\n  - b: z\n  + b: y\n"), "{text}");
        assert!(!shown(&project, &lines("a: x"), None).contains("changed"));
    }
}
