//! Any text as an ExeScript: it is refused in some words, or every command of it is understood.

use golem_outbound::localnet::yagna::exe_script::parse;

pub fn run(text: &str) {
    match parse(text) {
        Ok(commands) => {
            let script: Vec<serde_json::Value> = serde_json::from_str(text).expect("only JSON is a script");
            assert_eq!(commands.len(), script.len(), "a command is skipped");
        }
        Err(why) => assert!(!why.is_empty(), "a refusal without a reason"),
    }
}
