//! The reader's shell: it has the terminal and its jobs, and nothing of it outlives the walk, however that ends.

use std::time::{Duration, Instant};

use super::cheap::Cheap;
use super::pty::CTRL_C;
use super::running::Running;

const QUESTION: &str = "[?]: ";

/// A job that no polite signal ends, and a daemon with a session of its own; each writes its process id.
const STUBBORN: &str = "sh -c 'trap \"\" HUP INT TERM; echo $$ > job; while :; do sleep 600; done' &\n";
const DAEMON: &str =
    "setsid sh -c 'trap \"\" HUP INT TERM; echo $$ > daemon; while :; do sleep 600; done' &\n";

/// A walk that has opened the shell of its only step.
fn shell() -> (Cheap, Running) {
    let cheap = Cheap::new(&[("a", "")]);
    let mut walk = cheap.start_on_terminal(&[], 80);
    walk.until(QUESTION);
    walk.type_in("x\n");
    walk.until("(a) ");
    (cheap, walk)
}

fn alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}

fn eventually(what: &str, state: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !state() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The ids that the job and the daemon wrote, once they have.
fn started(cheap: &Cheap, walk: &mut Running) -> Vec<String> {
    walk.type_in(STUBBORN);
    walk.type_in(DAEMON);
    let read = |name: &str| std::fs::read_to_string(cheap.project.join(name)).unwrap_or_default();
    eventually("the job and the daemon start", || {
        ["job", "daemon"].iter().all(|name| read(name).ends_with('\n'))
    });
    let pids: Vec<String> = ["job", "daemon"].map(|name| read(name).trim().to_owned()).into();
    assert!(pids.iter().all(|pid| alive(pid)), "{pids:?}");
    pids
}

#[test]
fn the_shell_has_jobs_of_its_own_and_its_ctrl_c_does_not_end_the_walk() {
    let (cheap, mut walk) = shell();
    // The job itself says so: from then on the terminal is its own.
    walk.type_in("sh -c 'echo on > marks; exec sleep 600'\n");
    eventually("the job starts", || cheap.project.join("marks").exists());
    walk.type_in(CTRL_C);
    walk.type_in("echo code $?\n");
    walk.until("code 130\r\n");
    // A stopped job goes on when it is told to, and the shell that stops itself is told to go on.
    walk.type_in("sh -c 'kill -STOP $$; echo went on'\n");
    walk.until("Stopped");
    walk.type_in("fg\n");
    walk.until("\nwent on\r\n");
    walk.type_in("suspend\n");
    walk.type_in("echo still $((40 + 2))\n");
    walk.until("still 42\r\n");
    walk.type_in("exit 3\n");
    walk.until("back in the walk");
    walk.until(QUESTION);
    walk.type_in("r\n");
    walk.until("a: passed");
    walk.end_with(0);
}

#[test]
fn whoever_was_left_in_the_background_ends_with_the_shell() {
    let (cheap, mut walk) = shell();
    let pids = started(&cheap, &mut walk);
    walk.type_in("exit\n");
    walk.until("back in the walk");
    assert!(!pids.iter().any(|pid| alive(pid)), "{pids:?}");
    walk.until(QUESTION);
    walk.type_in("q\n");
    walk.end_with(130);
}

#[test]
fn nothing_of_the_shell_outlives_a_walk_that_is_killed() {
    let (cheap, mut walk) = shell();
    let pids = started(&cheap, &mut walk);
    walk.murder();
    for pid in pids {
        eventually("a process of the shell outlived its walk", || !alive(&pid));
    }
}

#[test]
fn the_shell_ends_with_a_terminal_that_is_closed() {
    let (cheap, mut walk) = shell();
    let pids = started(&cheap, &mut walk);
    walk.close_terminal();
    walk.end();
    assert!(!pids.iter().any(|pid| alive(pid)), "{pids:?}");
    assert_eq!(cheap.standings(), ["a: due not done yet"]);
}
