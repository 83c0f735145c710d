//! The differences that are meant: each with its reason, each still there, each in `docs/localnet.md`.

use std::collections::BTreeSet;

use super::comparison::Difference;

const DOCUMENTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/localnet.md");
const LISTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/differences.yaml");

/// A difference that is meant.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// What differs and why, word for word as in the documentation.
    says: String,
    /// Which comparison finds it: `requests`, `commands` or `newer`.
    of: String,
    /// `STEP :: PLACE` of each place where it shows.
    at: Vec<String>,
}

fn listed() -> Vec<Listed> {
    let text = std::fs::read_to_string(LISTED).expect("the list can be read");
    serde_yaml::from_str(&text).expect("the list is YAML of its form")
}

/// Panics unless the differences found are exactly those listed for this comparison.
pub fn hold_against_the_list(of: &str, found: &[Difference]) {
    let listed = listed();
    let expected: BTreeSet<&str> = listed
        .iter()
        .filter(|entry| entry.of == of)
        .flat_map(|entry| &entry.at)
        .map(String::as_str)
        .collect();
    let name = |difference: &Difference| format!("{} :: {}", difference.step, difference.place);
    let unlisted: Vec<String> = found
        .iter()
        .filter(|difference| !expected.contains(name(difference).as_str()))
        .map(ToString::to_string)
        .collect();
    let names: BTreeSet<String> = found.iter().map(name).collect();
    let gone: Vec<&&str> = expected.iter().filter(|entry| !names.contains(**entry)).collect();
    assert!(
        unlisted.is_empty() && gone.is_empty(),
        "{} differences that are not listed:\n{}\n\nlisted, but not found any more:\n{gone:#?}",
        unlisted.len(),
        unlisted.join("\n"),
    );
}

#[test]
fn the_documentation_tells_every_difference_that_is_meant() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let documentation = words(&std::fs::read_to_string(DOCUMENTATION).unwrap());
    let (_, section) = documentation.split_once("## How it compares with a real yagna").expect("its section");
    let (compared, rest) = section.split_once("What differs on purpose").expect("the list's introduction");
    let section = rest.split("Not compared").next().unwrap();
    let count = |file: &str| {
        let path = format!("{}/tests/it/conformance/{file}", env!("CARGO_MANIFEST_DIR"));
        let items: Vec<serde_yaml::Value> =
            serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        items.len()
    };
    let (offers, demands) = super::corpus::corpus();
    let pairs = offers.len() * demands.len();
    for told in [
        format!("{} requests", count("requests.yaml")),
        format!("{} commands", count("commands.yaml")),
        format!("{},{:03} pairs", pairs / 1000, pairs % 1000),
    ] {
        assert!(compared.contains(&told), "docs/localnet.md does not say: {told}");
    }
    for entry in listed() {
        assert!(section.contains(&words(&entry.says)), "docs/localnet.md does not say: {}", entry.says);
        assert!(!entry.at.is_empty(), "nowhere: {}", entry.says);
    }
    assert_eq!(section.matches(" - ").count(), listed().len(), "one point of the list for each difference");
}
