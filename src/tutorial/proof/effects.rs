//! Steps that leave something behind and do not say how to undo it.
//!
//! May import `diagnostic` and the front matter's places. Invariant: a command counts by its words, wherever they stand in
//! the argument vector, because others may run it: `env`, `sudo`, `sh -c`, `golem-outbound localnet exec`.

use crate::diagnostic::Diagnostic;
use crate::tutorial::Step;
use crate::tutorial::front_matter::place_in_file;

/// Words that stand one after the other in commands which start something that outlives them.
const STARTERS: [&[&str]; 13] = [
    &["ray", "up"],
    &["ray", "create-or-update"],
    &["ray", "start"],
    &["ray-on-golem", "start"],
    &["localnet", "up"],
    &["yagna", "service", "run"],
    &["docker", "run", "-d"],
    &["docker", "run", "--detach"],
    &["podman", "run", "-d"],
    &["compose", "up", "-d"],
    &["systemctl", "start"],
    &["nohup"],
    &["setsid"],
];

/// The step starts something that lasts, or says so, and has no teardown.
pub(super) fn findings(step: &Step, text: &str) -> Option<Diagnostic> {
    if !step.teardown.is_empty() {
        return None;
    }
    let help = "write how to undo it: `teardown:` with `- [ray, down, golem-cluster.yaml, --yes]` or the like; \
                it is noted down before the step starts and run at any end of the walk";
    let (message, word) = match step.leaves.first() {
        Some(what) => {
            (format!("step `{}` leaves `{what}` behind and has no teardown", step.id), "leaves:".to_owned())
        }
        None => {
            let (argv, starter) = step.run.iter().find_map(|argv| Some((argv, starter(argv)?)))?;
            let what = starter.join(" ");
            let place =
                argv.iter().find(|word| word.contains(starter[0])).cloned().unwrap_or_else(|| "run:".into());
            (format!("step `{}` runs `{what}`, which outlives it, and has no teardown", step.id), place)
        }
    };
    Some(place_in_file(text, &word, Diagnostic::error("step-without-teardown", message).help(help)))
}

/// What the command would start. Options may stand between the words, as in `ray --log-style x up`.
fn starter(argv: &[String]) -> Option<&'static [&'static str]> {
    let words: Vec<&str> = argv.iter().flat_map(|argument| argument.split([' ', '\n', ';', '|'])).collect();
    let names: Vec<&str> = words.iter().map(|word| word.rsplit('/').next().unwrap_or(word)).collect();
    if argv.iter().any(|argument| is_script_in_background(argument)) {
        return Some(&["… &"]);
    }
    STARTERS.into_iter().find(|starter| has_in_order(&names, starter))
}

/// A shell's `command &`, which is neither `&&` nor `>&`.
fn is_script_in_background(argument: &str) -> bool {
    let text = argument.trim_end();
    text.ends_with(" &") || text.contains(" & ") || text.contains(" &\n")
}

fn has_in_order(names: &[&str], starter: &[&str]) -> bool {
    (0..names.len()).any(|start| {
        let mut wanted = starter.iter();
        let mut next = wanted.next();
        for name in &names[start..] {
            if next == Some(name) {
                next = wanted.next();
            } else if !name.starts_with('-') {
                break;
            }
            if next.is_none() {
                return true;
            }
        }
        next.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(command: &[&str]) -> bool {
        starter(&command.iter().map(ToString::to_string).collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn what_outlives_its_command_is_known_by_its_words() {
        for command in [
            &["ray", "up", "golem-cluster.yaml"][..],
            &["venv/bin/ray", "--log-style", "up"],
            &["golem-outbound", "localnet", "exec", "--", "ray", "up", "x.yaml"],
            &["sudo", "docker", "run", "--rm", "-d", "image"],
            &["sh", "-c", "cd x; ray start --head"],
            &["sh", "-c", "python3 -m http.server &"],
            &["nohup", "x"],
        ] {
            assert!(starts(command), "{command:?}");
        }
        for command in [
            &["ray", "submit", "up.yaml", "up.py"][..],
            &["ray", "down", "x"],
            &["echo", "up"],
            &["docker", "run", "image", "-d"],
            &["sh", "-c", "a && b 2>&1"],
        ] {
            assert!(!starts(command), "{command:?}");
        }
    }
}
