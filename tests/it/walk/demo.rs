//! `golem-outbound demo`: the one command, and what it leaves behind, which is one folder.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;
use crate::secrets::{self, PRIVATE_KEY, files, mode};

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
    assert_private(&folder.join(".golem-outbound"));
    assert_no_secret_is_told(&folder.join(".golem-outbound"), &shown);
}

fn assert_one_refused_one_fetched(report: &Report) {
    let [refused, fetched] = report.ledger("blocked-url") else { panic!("two downloads") };
    assert_eq!((&refused["ok"], &fetched["ok"]), (&false.into(), &true.into()));
    assert_eq!(refused["url"], "https://example.com/");
    assert!(refused["error"].as_str().unwrap().contains("Connection"), "{refused}");
}

/// Nobody but their owner may read what a walk leaves, and no private key is left: ray-on-golem's ended with the localnet.
fn assert_private(private: &Path) {
    assert_eq!(mode(private), 0o700);
    assert_eq!(mode(&private.join("last-run.json")), 0o600);
    secrets::assert_private(&private.join("localnet"));
    assert_eq!(secrets::holders(private, &[PRIVATE_KEY]), Vec::<PathBuf>::new());
}

/// No app-key stands in a log or a report, and no key at all on the screen.
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
    assert!(!shown.contains(PRIVATE_KEY));
    texts.push(("the screen".into(), shown.into()));
    for (place, text) in texts {
        assert_eq!(key.find(&text).map(|found| found.as_str()), None, "an app-key in {place}");
    }
}
