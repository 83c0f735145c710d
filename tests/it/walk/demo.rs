//! `golem-outbound demo`: the one command, and what it leaves behind, which is one folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;

#[test]
fn the_demo_walks_all_ten_steps() {
    let _turn = turn();
    let (machine, place) = (Machine::look(), Place::new());
    let folder = place.path("demo");
    let mut demo = place.start(&["demo", folder.to_str().unwrap(), "--content", "mirror"], &place.path(""));
    demo.until("ray submit");
    machine.assert_no_new_listener();
    let shown = demo.end_with(0);
    let (_, summary) = shown.rsplit_once("Summary of ").expect("a summary ends the walk");
    assert!(summary.contains("simulated") && summary.contains("10 passed"), "{summary}");
    // What `check` and `explain` said is not lost in the scroll.
    assert!(summary.contains("\nwhitelist: the whitelist has 2 of 2 hosts"), "{summary}");
    assert!(
        summary.contains("\nconfigure-outbound: ") && summary.contains("[dead-payment-network]"),
        "{summary}"
    );

    let report = Report::of(&folder);
    report.assert_all_passed();
    assert!(report.output("ray-submit").contains("Ray on Golem rocks!"));
    report.assert_fetched_on_nodes("ray-submit", 13);
    assert_eq!(report.ledger("run-local").len(), 13);
    assert_one_refused_one_fetched(&report);

    machine.assert_nothing_left(&folder);
    assert_eq!(files(&place.path("home")), Vec::<PathBuf>::new());
    assert_keys_are_private(&folder.join(".golem-outbound"));
    assert_no_secret_is_told(&folder.join(".golem-outbound"), &shown);
}

fn assert_one_refused_one_fetched(report: &Report) {
    let [refused, fetched] = report.ledger("blocked-url") else { panic!("two downloads") };
    assert_eq!((&refused["ok"], &fetched["ok"]), (&false.into(), &true.into()));
    assert_eq!(refused["url"], "https://example.com/");
    assert!(refused["error"].as_str().unwrap().contains("Connection"), "{refused}");
}

/// Every file below a folder; links are not followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else if entry.file_type().unwrap().is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The folders around everything are closed to others, and a key is closed by itself.
fn assert_keys_are_private(private: &Path) {
    for folder in ["", "localnet", "localnet/ray-on-golem", "localnet/home"] {
        assert_eq!(mode(&private.join(folder)), 0o700, "`{folder}`");
    }
    let keys: Vec<PathBuf> = files(private).into_iter().filter(|path| holds(path, PRIVATE_KEY)).collect();
    assert!(!keys.is_empty(), "ray-on-golem makes a key");
    for secret in keys.iter().chain([&private.join("last-run.json"), &private.join("localnet/sandbox.json")])
    {
        assert_eq!(mode(secret), 0o600, "`{}`", secret.display());
    }
}

/// As every private key in PEM begins, and after its kind: `-----BEGIN OPENSSH PRIVATE KEY-----`.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

fn holds(path: &Path, text: &str) -> bool {
    String::from_utf8_lossy(&fs::read(path).unwrap()).contains(text)
}

/// No app-key and no private key stands in a log or a report, nor on the screen.
fn assert_no_secret_is_told(private: &Path, shown: &str) {
    let key = Regex::new(r#"Bearer [^\[\s'"\\]+"#).unwrap();
    let is_told = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "log" || kind == "json");
    let told: Vec<PathBuf> = files(private).into_iter().filter(is_told).collect();
    assert!(told.iter().any(|path| path.ends_with("webserver_debug.log")), "{told:?}");
    let mut texts: Vec<(String, String)> = told
        .iter()
        .map(|path| {
            (path.display().to_string(), String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
        })
        .collect();
    texts.push(("the screen".into(), shown.into()));
    for (place, text) in texts {
        assert!(!text.contains(PRIVATE_KEY), "a private key in {place}");
        assert_eq!(key.find(&text).map(|found| found.as_str()), None, "an app-key in {place}");
    }
}
