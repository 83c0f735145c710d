//! Which commands a manifest's script lets pass.
//!
//! May import its parent. Invariant: only `run` and `transfer` are compared; to deploy, start, sign and terminate is
//! always allowed (`exe-unit/src/manifest.rs:219-242`). Regexes here are plain ones: searched anywhere, neither
//! lower-cased nor verbose, unlike those of a whitelist.

use regex::Regex;
use serde_json::{Map, Value};

use super::super::whitelist::MatchKind;
use super::Script;

impl Script {
    /// Whether a program may be run with these arguments.
    ///
    /// # Errors
    /// The exe-unit's reason.
    pub fn allows_run(&self, entry_point: &str, args: &[&str]) -> Result<(), String> {
        self.compare(&format!("run {entry_point} {}", args.join(" ")), "run", |command| {
            Some(match command.get("args")? {
                // Each argument is compared as JSON has it, with its quotes.
                Value::Array(args) => args.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
                Value::String(args) => args.clone(),
                _ => return None,
            })
        })
    }

    /// Whether something may be transferred.
    ///
    /// # Errors
    /// The exe-unit's reason.
    pub fn allows_transfer(&self, from: &str, to: &str) -> Result<(), String> {
        self.compare(&format!("transfer {from} {to}"), "transfer", |command| {
            Some(format!("{} {}", command.get("from")?.as_str()?, command.get("to")?.as_str()?))
        })
    }

    fn compare(
        &self,
        asked: &str,
        verb: &str,
        arguments: impl Fn(&Map<String, Value>) -> Option<String>,
    ) -> Result<(), String> {
        let passes = |entry: &String| match serde_json::from_str::<Value>(entry) {
            Err(_) => entry.starts_with(verb) && matches(self.kind, entry, asked),
            Ok(value) => {
                let Some(command) = value.get(verb).and_then(Value::as_object) else { return false };
                let kind = command.get("match").and_then(|kind| serde_json::from_value(kind.clone()).ok());
                arguments(command).is_some_and(|arguments| {
                    matches(kind.unwrap_or(self.kind), &format!("{verb} {arguments}"), asked)
                })
            }
        };
        if self.commands.iter().any(passes) {
            Ok(())
        } else {
            Err(format!("script validation error: no matching manifest entry found for '{asked}'"))
        }
    }
}

/// A regex that does not compile matches nothing.
fn matches(kind: MatchKind, pattern: &str, asked: &str) -> bool {
    match kind {
        MatchKind::Strict => pattern == asked,
        MatchKind::Regex => Regex::new(pattern).is_ok_and(|regex| regex.is_match(asked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn script(kind: MatchKind, commands: &[&str]) -> Script {
        Script { commands: commands.iter().map(|text| (*text).to_owned()).collect(), kind }
    }

    fn runs(kind: MatchKind, command: &str, args: &[&str]) -> bool {
        script(kind, &[command]).allows_run("/bin/sh", args).is_ok()
    }

    const STRICT: MatchKind = MatchKind::Strict;
    const REGEX: MatchKind = MatchKind::Regex;

    #[test]
    fn a_run_must_match_a_listed_command() {
        assert!(runs(STRICT, "run /bin/sh -c ls", &["-c", "ls"]));
        assert!(!runs(STRICT, "run /bin/sh -c ls", &["-c", "ls -l"]));
        assert!(!runs(STRICT, "transfer /bin/sh -c ls", &["-c", "ls"]));
        assert_eq!(
            script(STRICT, &[]).allows_run("/bin/sh", &["-c", "ls"]).unwrap_err(),
            "script validation error: no matching manifest entry found for 'run /bin/sh -c ls'"
        );
    }

    #[test]
    fn what_ray_on_golem_lists_lets_every_shell_command_pass() {
        let command = "run /bin/sh -c *";
        assert!(runs(REGEX, command, &["-c", "service ssh start"]));
        assert!(script(REGEX, &[command]).allows_run("/bin/bash", &["-c", "ls"]).is_err());
        assert!(!runs(STRICT, command, &["-c", "ls"]), "the star is one of a regex");
    }

    #[test]
    fn a_regex_is_searched_anywhere_and_its_case_counts() {
        assert!(runs(REGEX, "run .*sh", &["-c"]));
        assert!(!runs(REGEX, "run /BIN/sh", &["-c"]));
        assert!(!runs(REGEX, "run (", &["-c"]), "a broken regex matches nothing");
    }

    #[test]
    fn a_transfer_must_match_a_listed_command() {
        let transfers =
            |kind, command| script(kind, &[command]).allows_transfer("http://a.io/x", "container:/y").is_ok();
        assert!(transfers(REGEX, "transfer http://a.io/.*"));
        assert!(!transfers(REGEX, "run .*"));
        assert!(transfers(STRICT, r#"{"transfer": {"from": "http://a.io/x", "to": "container:/y"}}"#));
        assert!(!transfers(STRICT, r#"{"transfer": {"from": "http://a.io/x"}}"#));
    }

    #[test]
    fn a_command_may_be_json_with_a_way_to_compare_of_its_own() {
        assert!(runs(STRICT, r#"{"run": {"args": "/bin/sh -c ls"}}"#, &["-c", "ls"]));
        assert!(runs(STRICT, r#"{"run": {"args": "/bin/sh .*", "match": "regex"}}"#, &["-c", "ls"]));
        assert!(!runs(REGEX, r#"{"run": {"args": "/bin/sh .*", "match": "strict"}}"#, &["-c", "ls"]));
        assert!(!runs(STRICT, r#"{"run": {"args": ["/bin/sh", "-c"]}}"#, &["-c"]), "quotes are compared");
        assert!(!runs(STRICT, r#"{"run": "x"}"#, &[]) && !runs(STRICT, "5", &[]));
    }

    proptest! {
        #[test]
        fn no_command_makes_it_panic(commands in prop::collection::vec("\\PC{0,20}", 0..3), regex in prop::bool::ANY) {
            let kind = if regex { REGEX } else { STRICT };
            let script = Script { commands, kind };
            let _ = script.allows_run("/bin/sh", &["-c"]);
            let _ = script.allows_transfer("a", "b");
        }
    }
}
