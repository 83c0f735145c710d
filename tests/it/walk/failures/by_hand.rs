//! A cluster that somebody has started by hand in the project's localnet: no walk knows of it, no watchdog ends it.
//!
//! The next `run` names it, with the commands that take it down. Until then what is typed fails as a newcomer's does, and
//! `hint --find` says why.

use std::fs;
use std::os::unix::fs::symlink;

use super::{Failing, PASSES};

/// The tutorial is one step, which would pass.
pub fn with_a_cluster_of_somebodys_own(failing: &Failing) {
    failing.cluster_file("\n          - \"https://ipfs.io\"", " []");
    failing.cluster_file("min_workers: 1", "min_workers: 0");
    failing.step(1, "look", "[ray, --version]", PASSES);
    failing.localnet(&["up", "--content", "mirror"]);
    walk(failing, 0);
    typed(failing, &["ray", "up", "golem-cluster.yaml", "--yes"], 0);

    let said = walk(failing, 3);
    assert!(
        said.contains("a cluster is still up in the running localnet (simulated): 1 node is rented"),
        "{said}"
    );
    let commands: Vec<&str> =
        said.split('`').filter_map(|word| word.strip_prefix("golem-outbound ")).collect();
    let expected = [
        "localnet exec -- ray down golem-cluster.yaml --yes",
        "localnet exec -- ray-on-golem stop --force --kill",
        "localnet down",
    ];
    assert_eq!(commands, expected, "{said}");

    let submit = ["submit", "golem-cluster.yaml", "simple-outbound.py", "https://ipfs.io/"];
    let said = typed(failing, &[&["ray"], &submit[..]].concat(), 1);
    assert_eq!(hint(failing, &said), "no-name-resolution", "{said}");
    // Without the connection that ssh keeps for ten seconds.
    let anew = "rm -rf /tmp/ray_ssh_*; exec venv/bin/ray \"$@\"";
    let with_path = |path: &str| {
        let path = format!("PATH={path}");
        typed(failing, &[&["env", &path, "sh", "-c", anew, "sh"], &submit[..]].concat(), 1)
    };
    // Without websocat ssh says nothing of it, so this looks like a provider's failure; the hint names websocat, too.
    let said = with_path("/usr/bin:/bin");
    // It says one of two things, as its pipe closes before or after it writes its own banner.
    assert!(said.contains("UNKNOWN port 65535"), "{said}");
    assert_eq!(hint(failing, &said), "provider-did-not-deliver", "{said}");
    let page = failing.place.start(&["hint", "provider-did-not-deliver"], &failing.project).end_with(0);
    assert!(page.contains("`websocat`"), "{page}");
    let said = with_path(&all_but_rsync(failing));
    assert!(said.contains("'rsync'"), "{said}");
    assert_eq!(hint(failing, &said), "program-missing", "{said}");

    for command in &commands[..2] {
        let words: Vec<&str> = command.split_whitespace().collect();
        failing.place.start(&words, &failing.project).end_with(0);
    }
    walk(failing, 0);
    failing.localnet(&["down"]);
}

/// What a walk says on standard error: what stands in its way, if it ends with 3.
fn walk(failing: &Failing, code: i32) -> String {
    let walk = ["run", "--again", "--yes", "--trust"];
    let output = failing.place.command(&walk, &failing.project).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Both streams of a command in the localnet.
fn typed(failing: &Failing, command: &[&str], code: i32) -> String {
    let arguments = [&["localnet", "exec", "--"], command].concat();
    let output = failing.place.command(&arguments, &failing.project).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    said
}

/// Which known failure an output shows.
fn hint(failing: &Failing, said: &str) -> String {
    failing.place_file("said.log", said);
    let found = failing.place.start(&["hint", "--find", "said.log"], &failing.project).end_with(0);
    found.split(':').next().unwrap().to_owned()
}

/// A PATH with the environment's programs and the system's, without one.
fn all_but_rsync(failing: &Failing) -> String {
    let tools = failing.project.join("tools");
    fs::create_dir(&tools).unwrap();
    for program in fs::read_dir("/usr/bin").unwrap().flatten() {
        if program.file_name() != "rsync" {
            symlink(program.path(), tools.join(program.file_name())).unwrap();
        }
    }
    format!("{}:{}", failing.project.join("venv/bin").display(), tools.display())
}
