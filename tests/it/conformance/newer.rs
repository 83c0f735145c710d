//! golem-node 0.17.6 knows hoodi, which 0.16.0 does not: what it adds is compared with it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use golem_outbound::localnet::market::Provider;
use golem_outbound::localnet::market::provider::DEFAULT_PROVIDERS;
use serde_json::Value;

use super::chain;
use super::comparison::{Difference, compare_values};
use super::differences::hold_against_the_list;
use super::oracle::{Daemon, program};
use crate::python_env;
use crate::yagna::localnet::Localnet;

/// The release and what its wheel hashes to.
const PINNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/golem-node-0.17.6.txt");

/// Its yagna, installed once under `target/tmp`. Without a package index this fails, and so does the test.
fn newer_program() -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(base).expect("target/tmp can be made");
    let turn = File::create(base.join("golem-node-0.17.6.lock")).expect("the lock file can be made");
    turn.lock().expect("the lock can be taken");
    let (folder, wanted) = (base.join("golem-node-0.17.6"), fs::read(PINNED).expect("the pin is there"));
    let (yagna, marker) = (folder.join("bin/yagna"), folder.join("made-from.txt"));
    if fs::read(&marker).is_ok_and(|made_from| made_from == wanted) {
        return yagna;
    }
    let _ = fs::remove_dir_all(&folder);
    let mut install = if which::which("uv").is_ok() {
        let mut uv = Command::new("uv");
        uv.args(["pip", "install", "--quiet", "--python"]).arg(python_env::python());
        uv
    } else {
        let mut pip = Command::new(python_env::python());
        pip.args(["-m", "pip", "install", "--quiet"]);
        pip
    };
    install.args(["--no-deps", "--require-hashes", "-r", PINNED, "--target"]).arg(&folder);
    let output = install.output().expect("pip runs");
    assert!(output.status.success(), "{install:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    fs::write(&marker, wanted).expect("the marker can be written");
    yagna
}

fn networks(drivers: &Value) -> BTreeSet<String> {
    let networks = drivers["erc20"]["networks"].as_object().expect("a driver has networks");
    networks.iter().map(|(name, network)| format!("{name} {network}")).collect()
}

#[test]
fn a_newer_yagna_adds_networks_and_the_localnet_has_those_of_both() {
    let chain = chain::serve();
    let (older, newer) =
        (Daemon::start(&program(), chain, None), Daemon::start_alone(&newer_program(), chain));
    let localnet = Localnet::start_with(Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap());
    let list = ["payment", "driver", "list", "--json"];
    let (old, new) = (networks(&older.json(&list)), networks(&newer.json(&list)));
    let hoodi = |networks: &BTreeSet<String>| networks.iter().any(|network| network.starts_with("hoodi "));
    assert!(!hoodi(&old) && hoodi(&new), "{new:#?}");
    assert_eq!(networks(&localnet.yagna_json(&list)), old.union(&new).cloned().collect());

    // The stub is holesky's chain; hoodi's status tells an unfunded account as an error of its own, in both releases.
    let status = ["payment", "status", "--network", "holesky", "--driver", "erc20", "--json"];
    assert!(newer.command(&["payment", "init"].map(str::to_owned)).status.success());
    let mut found = Vec::new();
    compare_values("status", &newer.json(&status), &older.json(&status), &mut |place: &str, new, old| {
        found.push(format!("{place}: {old} is now {new}"));
    });
    assert!(found.is_empty(), "{found:#?}");
    let mut found = Vec::new();
    for command in ["app-key list --json", "id list --json", "version show --json"] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let (new, ours) = (newer.json(&arguments), localnet.yagna_json(&arguments));
        compare_values("output", &new, &ours, &mut |place: &str, real, ours| {
            found.push(Difference { step: command.to_owned(), place: place.to_owned(), real, ours });
        });
    }
    hold_against_the_list("newer", &found);
}
