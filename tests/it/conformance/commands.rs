//! The same commands to both: `commands.yaml` in its order.

use golem_outbound::localnet::market::Provider;
use golem_outbound::localnet::market::provider::DEFAULT_PROVIDERS;

use super::chain;
use super::comparison::{Difference, compare_values, normalised};
use super::differences::hold_against_the_list;
use super::oracle::{Daemon, program};
use crate::yagna::localnet::Localnet;

const COMMANDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/commands.yaml");

/// Differences of two outputs: the code, then JSON by its values, or text by its lines.
pub fn compare_outputs(
    command: &str,
    real: &std::process::Output,
    ours: &std::process::Output,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |place: &str, real: String, ours: String| {
        found.push(Difference { step: command.to_owned(), place: place.to_owned(), real, ours });
    };
    if real.status.code() != ours.status.code() {
        let shown = |output: &std::process::Output| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(400).collect::<String>();
            format!("{:?} {}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        differ("code", shown(real), shown(ours));
        return found;
    }
    let json = |output: &std::process::Output| serde_json::from_slice(&output.stdout).ok();
    match (json(real), json(ours)) {
        (Some(real), Some(ours)) => compare_values("output", &real, &ours, &mut differ),
        _ => {
            let (real, ours) = (lines(&real.stdout), lines(&ours.stdout));
            if real != ours {
                differ("output", real.join("\n"), ours.join("\n"));
            }
        }
    }
    found
}

/// The lines that say something, without our confession, and with columns as narrow as possible.
fn lines(output: &[u8]) -> Vec<String> {
    let text = normalised(&String::from_utf8_lossy(output));
    let narrow = |line: &str| {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        words.split('─').filter(|part| !part.is_empty()).collect::<String>()
    };
    text.lines()
        .filter(|line| !line.contains("simulated"))
        .map(narrow)
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_command_prints_what_the_real_yagna_prints() {
    let daemon = Daemon::start(&program(), chain::serve(), None);
    assert!(daemon.command(&["payment", "init"].map(str::to_owned)).status.success());
    let localnet = Localnet::start_with(Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap());
    let commands: Vec<String> = serde_yaml::from_str(&std::fs::read_to_string(COMMANDS).unwrap()).unwrap();
    let found: Vec<Difference> = commands
        .iter()
        .flat_map(|command| {
            let arguments: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
            compare_outputs(command, &daemon.command(&arguments), &localnet.yagna(&texts))
        })
        .collect();
    hold_against_the_list("commands", &found);
    assert!(commands.len() >= 20, "{} commands", commands.len());
}
