//! A walk that is killed at any moment: the watchdog takes down what it has started, and then nothing is left.
//!
//! The steps are cheap, and their processes are real: one leaves a process behind in the localnet, which only its teardown
//! ends. `interruption` has the same with the real `ray up`, and `benches/kills.rs` has that twenty times.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::machine::{Machine, processes};
use super::project::Place;
use super::turn;

const STEPS: [(&str, &str); 3] = [
    (
        "01-look.md",
        "id: look\ntitle: Look\nrun:\n  - [golem-outbound, explain, 'https://ipfs.io/']\nchecks:\n  - exit_code: 0\n",
    ),
    (
        "02-burrow.md",
        "id: burrow\ntitle: Leave a process behind\nrun:\n  - - sh\n    - -c\n    - |\n      echo burrow'ing'; sleep 0.2\n      \
         setsid sleep 600 >/dev/null 2>&1 & echo $! > burrow.pid\n      echo up >> story.txt; sleep 0.2\nteardown:\n  \
         - - sh\n    - -c\n    - |\n      if [ -f burrow.pid ]; then kill $(cat burrow.pid); echo ended >> story.txt; \
         rm -f burrow.pid; fi\n      echo down >> story.txt\nchecks:\n  - exit_code: 0\n",
    ),
    (
        "03-stay.md",
        "id: stay\ntitle: Stay\nrun:\n  - [sleep, '600']\nneeds: [burrow]\ntimeout: 20m\nchecks:\n  - exit_code: 0\n",
    ),
];

/// Blocks until no watchdog of the project is on its post or at work.
pub fn wait(project: &Path) {
    let Ok(lock) = File::open(project.join(".golem-outbound/watchdog/lock")) else { return };
    drop(Flock::lock(lock, FlockArg::LockExclusive).unwrap());
}

/// What watchdogs of the project have recorded, oldest first.
pub fn records(project: &Path) -> Vec<Value> {
    let folder = fs::read_dir(project.join(".golem-outbound/watchdog")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()).collect()
}

/// `(command, ok)` of everything that a watchdog ran.
pub fn commands(record: &Value) -> Vec<(&str, bool)> {
    let commands = record["commands"].as_array().unwrap().iter();
    commands.map(|done| (done["command"].as_str().unwrap(), done["ok"].as_bool().unwrap())).collect()
}

fn ledger(project: &Path) -> PathBuf {
    project.join(".golem-outbound/teardown.json")
}

/// A project whose walk leaves something behind at once.
fn burrow() -> (Place, PathBuf) {
    let place = Place::new();
    let project = place.copy_example();
    place.lend_environment(&project);
    fs::remove_dir_all(project.join("tutorial")).unwrap();
    fs::create_dir(project.join("tutorial")).unwrap();
    for (name, front_matter) in STEPS {
        fs::write(project.join("tutorial").join(name), format!("---\n{front_matter}---\nProse.\n")).unwrap();
    }
    (place, project)
}

/// What was told since it was last asked.
fn story(project: &Path) -> Vec<String> {
    let path = project.join("story.txt");
    let told = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    told.lines().map(ToOwned::to_owned).collect()
}

fn has(story: &[String], word: &str) -> bool {
    story.iter().any(|line| line == word)
}

/// Numbers that look like chance and can be had again (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Lets a random time pass: not to wait for anything, but so that the next kill comes at any moment.
    fn pass(&mut self, at_most_ms: u64) {
        std::thread::sleep(Duration::from_millis(self.below(at_most_ms)));
    }
}

const WALK: [&str; 5] = ["run", "--yes", "--trust", "--content", "mirror"];

/// Kills one walk: once its process is to be left behind, after a polite signal, or while the localnet is made. Whether
/// something was owed.
fn kill_one(place: &Place, project: &Path, machine: &Machine, chance: &mut Chance, kind: usize) -> bool {
    let mut walk = place.start(&WALK, project);
    let early = kind == 2;
    walk.until(if early { "making the localnet ready" } else { "burrowing" });
    chance.pass(if early { 2500 } else { 1500 });
    if kind == 1 {
        walk.signal(Signal::SIGTERM);
        chance.pass(700);
    }
    let before = records(project).len();
    let killed = walk.murder_if_alive();
    wait(project);
    machine.assert_nothing_left_soon(project);
    assert!(!ledger(project).exists());
    let told = story(project);
    assert_eq!(has(&told, "up"), has(&told, "ended"), "{told:?}");
    if !early {
        assert!(has(&told, "down"), "{told:?}");
    }
    let new = &records(project)[before..];
    for record in new {
        assert_eq!(
            (&record["torn_down"], &record["walk"]["simulated"]),
            (&true.into(), &true.into()),
            "{record:#}"
        );
    }
    // Without a polite signal before, the walk itself took nothing down.
    assert!(kind == 1 || new.len() == usize::from(has(&told, "down")), "{told:?} {new:#?}");
    assert!(killed || kind == 1);
    has(&told, "down")
}

#[test]
fn a_walk_that_is_killed_at_a_random_moment_is_taken_down_by_its_watchdog() {
    let _turn = turn();
    let given = std::env::var("GOLEM_OUTBOUND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("GOLEM_OUTBOUND_TEST_SEED={seed}");
    let machine = Machine::look();
    let taken_down: usize = std::thread::scope(|scope| {
        let round = |thread: u64| {
            let mut chance = Chance(seed.wrapping_add(thread));
            let (place, project) = burrow();
            let kinds = [0, 1, 0, 1, 0, 2];
            kinds.map(|kind| kill_one(&place, &project, &machine, &mut chance, kind) && kind != 2)
        };
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || round(thread))).collect();
        let ended = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        ended.filter(|taken_down| *taken_down).count()
    });
    assert_eq!(taken_down, 20);
}

#[test]
fn a_lease_ends_the_walk_which_takes_everything_down_itself() {
    let _turn = turn();
    let (machine, (place, project)) = (Machine::look(), burrow());
    let arguments = [&WALK[..], &["--lease", "3s"]].concat();
    let shown = place.start(&arguments, &project).end_with(130);
    assert!(
        shown.contains("taken down after 3 s at the latest") && shown.contains("the lease is over"),
        "{shown}"
    );
    assert!(has(&story(&project), "down"));
    assert_eq!(records(&project), Vec::<Value>::new());
    machine.assert_nothing_left(&project);
}

/// On the localnet the kernel does the rest; and the next start says it, once.
#[test]
fn a_walk_that_is_killed_with_its_watchdog_leaves_nothing_running_and_is_told() {
    let _turn = turn();
    let (machine, (place, project)) = (Machine::look(), burrow());
    let mut walk = place.start(&WALK, &project);
    walk.until("burrow: passed");
    let is_watchdog = |line: &&String| line.contains("__watchdog");
    let all = processes(&project);
    let watchdog = all.iter().find(is_watchdog).unwrap_or_else(|| panic!("{all:#?}"));
    let pid = watchdog.split_whitespace().next().unwrap().strip_prefix("/proc/").unwrap().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    assert!(walk.murder_if_alive());
    machine.assert_nothing_left_soon(&project);
    assert!(ledger(&project).exists() && !has(&story(&project), "down"));

    let look = || {
        let looked = place.command(&["run", "look", "--yes", "--trust"], &project).output().unwrap();
        assert_eq!(looked.status.code(), Some(0), "{looked:?}");
        String::from_utf8_lossy(&looked.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = look();
    assert!(said.contains("warning: the last walk on the localnet (simulated)"), "{said}");
    assert!(said.contains("was killed, and its watchdog too"), "{said}");
    assert!(!ledger(&project).exists());
    assert!(!look().contains("watchdog"));
}

/// Starts a watchdog as a walk does, for a lease that is long over, and then hangs.
const HUNG_WALK: &str = "
import os, socket, subprocess, sys, time
program, project, log = sys.argv[1:]
ours, theirs = socket.socketpair()
subprocess.Popen([program, '__watchdog', '--project', project, '--runner', str(os.getpid()), '--log', log,
                  '--lease-ends-ms', '1', '--grace-ms', '0'], stdin=theirs, start_new_session=True)
theirs.close()
time.sleep(600)
";

#[test]
fn a_walk_that_does_not_end_with_its_lease_is_ended_by_the_watchdog() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().canonicalize().unwrap();
    fs::create_dir_all(project.join(".golem-outbound/watchdog")).unwrap();
    let command = json!({
        "shown": "tell", "argv": ["sh", "-c", "echo $WORD >> story.txt"], "folder": project, "env": [["WORD", "down"]],
        "env_remove": [], "timeout_s": 60, "keep_daemons": true,
    });
    let owed = json!({
        "version": 1, "owed": [{"step": "burrow", "commands": [command]}],
        "walk": {
            "network": "mainnet", "simulated": false, "cluster_name": "golem-cluster", "process": 1, "begun": "",
            "lease_ends": null,
        },
    });
    fs::write(ledger(&project), owed.to_string()).unwrap();
    let log = project.join(".golem-outbound/watchdog/x.log");
    let mut hung = Command::new("python3");
    hung.args(["-c", HUNG_WALK, env!("CARGO_BIN_EXE_golem-outbound")])
        .args([&project, &log])
        .stdin(Stdio::null());
    let status = hung.status().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32));
    wait(&project);
    assert_eq!(story(&project), ["down"]);
    let [record] = &records(&project)[..] else { panic!("one record") };
    assert_eq!((&record["why"], &record["torn_down"]), (&"lease-over".into(), &true.into()), "{record:#}");
    assert!(!ledger(&project).exists());
}
