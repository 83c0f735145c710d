//! The guard: a command's whole tree ends with it, with us, and with our order; codes and output pass through.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use golem_outbound::error::ErrorKind;
use golem_outbound::exec::{Action, Ended, Exit, Guard, Invocation, Tick};

const LONG: Duration = Duration::from_secs(60);

/// A daemon by the book: forked twice, with a session of its own, holding none of our pipes. It says its id.
const DAEMON: &str = "
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print('daemon', os.getpid(), flush=True)
        null = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        time.sleep(600)
    os._exit(0)
os.wait()
";

fn guard() -> Guard {
    Guard::at(env!("CARGO_BIN_EXE_golem-outbound"))
}

fn shell(script: &str, timeout: Duration) -> Invocation {
    Invocation::new(["sh", "-c", script], "/", timeout)
}

fn run(invocation: &Invocation) -> Ended {
    guard().run(invocation, &mut |_| Action::Continue).unwrap()
}

/// Runs until `word` was written, then wants `action`.
fn run_until(invocation: &Invocation, word: &str, action: Action) -> Ended {
    let mut watch = |tick: Tick<'_>| if tick.output.contains(word) { action } else { Action::Continue };
    guard().run(invocation, &mut watch).unwrap()
}

fn alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}

fn pid_after(word: &str, text: &str) -> i32 {
    let mut words = text.split_whitespace().skip_while(|found| *found != word);
    words.nth(1).and_then(|pid| pid.parse().ok()).unwrap_or_else(|| panic!("no `{word} PID` in {text:?}"))
}

/// Waits for a state and fails when it does not come.
fn eventually(what: &str, state: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !state() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn codes_and_signals_pass_through() {
    assert_eq!(run(&shell("exit 0", LONG)).exit, Exit::Code(0));
    assert_eq!(run(&shell("exit 130", LONG)).exit, Exit::Code(130));
    assert_eq!(run(&shell("kill -SEGV $$", LONG)).exit, Exit::Signal(11));
    assert_eq!(run(&shell("kill -INT $$", LONG)).exit, Exit::Signal(2));
}

#[test]
fn both_streams_come_in_the_order_in_which_they_were_written() {
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    assert_eq!(run(&shell(script, LONG)).output, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[test]
fn chunks_add_up_to_the_output_and_time_goes_on() {
    let mut chunks = String::new();
    let mut last = Duration::ZERO;
    let mut watch = |tick: Tick<'_>| {
        chunks.push_str(tick.chunk);
        assert!(tick.elapsed >= last);
        last = tick.elapsed;
        Action::Continue
    };
    let ended = guard().run(&shell("seq 1 50000", LONG), &mut watch).unwrap();
    assert_eq!(chunks, ended.output);
    assert!(ended.output.ends_with("\n49999\n50000\n"));
    assert!(ended.elapsed >= last);
}

#[test]
fn environment_folder_and_empty_input_are_as_asked() {
    let mut invocation = shell("pwd; echo $WORD; echo ${HOME-none}; wc -c", LONG).env("WORD", "rock");
    invocation.cwd = "/usr".into();
    invocation.env_remove = vec!["HOME".into()];
    assert_eq!(run(&invocation).output, "/usr\nrock\nnone\n0\n");
}

#[test]
fn a_command_that_cannot_be_started_is_an_error_and_no_code() {
    let missing = Invocation::new(["no-such-program"], "/", LONG);
    let error = guard().run(&missing, &mut |_| Action::Continue).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Machine);
    assert!(error.message().starts_with("failed to start `no-such-program`: No such file"), "{error}");
}

#[test]
fn an_interrupt_reaches_the_command_once_and_its_answer_counts() {
    let script = "trap 'echo interrupted; n=$((n+1))' INT; n=0; echo ready
        while [ $n = 0 ]; do sleep 0.05; done; sleep 0.3; exit $n";
    let ended = run_until(&shell(script, LONG), "ready", Action::Interrupt);
    assert_eq!(ended.exit, Exit::Code(1), "{}", ended.output);
    assert_eq!(ended.output.matches("interrupted").count(), 1);
}

#[test]
fn a_command_without_an_answer_dies_of_an_interrupt() {
    let ended = run_until(&shell("echo ready; exec sleep 600", LONG), "ready", Action::Interrupt);
    assert_eq!(ended.exit, Exit::Interrupted);
}

#[test]
fn python_hears_an_interrupt_even_when_we_were_told_to_ignore_it() {
    // As in `golem-outbound … &` from a script: SIGINT is ignored, and children inherit that.
    let script = format!(
        "trap '' INT; exec '{}' __guard -- python3 -c '
import signal
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))'",
        env!("CARGO_BIN_EXE_golem-outbound")
    );
    let (lifeline, theirs) = std::io::pipe().unwrap();
    let output = Command::new("sh").args(["-c", &script]).stdin(lifeline).output().unwrap();
    drop(theirs);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "True\nset()\n");
}

#[test]
fn a_stop_ends_the_tree() {
    let script = format!("python3 -c \"{DAEMON}\"; sleep 600 & echo child $!; wait");
    let ended = run_until(&shell(&script, LONG), "child", Action::Stop);
    assert_eq!(ended.exit, Exit::Interrupted);
    assert!(!alive(pid_after("daemon", &ended.output)));
    assert!(!alive(pid_after("child", &ended.output)));
}

#[test]
fn a_timeout_interrupts() {
    let ended = run(&shell("exec sleep 600", Duration::from_millis(200)));
    assert_eq!(ended.exit, Exit::TimedOut);
    assert!(ended.elapsed < Duration::from_secs(5), "{:?}", ended.elapsed);
}

#[test]
fn a_daemon_ends_with_its_command() {
    let ended = run(&Invocation::new(["python3", "-c", DAEMON], "/", LONG));
    assert_eq!(ended.exit, Exit::Code(0));
    assert!(!alive(pid_after("daemon", &ended.output)));
}

#[test]
fn a_daemon_that_is_to_be_kept_lives_on_and_a_straggler_does_not() {
    let script = format!("python3 -c \"{DAEMON}\"; sleep 600 & echo straggler $!");
    let mut invocation = shell(&script, LONG);
    invocation.keep_daemons = true;
    let ended = run(&invocation);
    let daemon = pid_after("daemon", &ended.output);
    let kept = alive(daemon);
    let straggler = alive(pid_after("straggler", &ended.output));
    Command::new("kill").arg(daemon.to_string()).status().unwrap();
    assert!(kept);
    assert!(!straggler);
}

#[test]
fn a_tree_that_ignores_every_polite_signal_is_gone_when_its_runner_is_killed() {
    // The runner is a child of the test: a pipe's only writer, as the socket is in the real one.
    let script = format!(
        "trap '' INT TERM HUP; python3 -c \"{DAEMON}\"; sh -c 'trap \"\" TERM; sleep 600' & echo child $!; wait"
    );
    let mut runner = Command::new("python3")
        .args(["-c", RUNNER, env!("CARGO_BIN_EXE_golem-outbound"), &script])
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    let mut next = |word: &str| pid_after(word, &lines.next().unwrap().unwrap());
    let pids = [next("guard"), next("daemon"), next("child")];
    assert!(pids.iter().all(|pid| alive(*pid)));
    runner.kill().unwrap();
    runner.wait().unwrap();
    for pid in pids {
        eventually("a process of the tree outlived its runner", || !alive(pid));
    }
}

/// Of a process, which has to be there.
fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap()
}

fn kill(pid: i32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

#[test]
fn commands_at_the_same_time_have_one_guardroom_which_holds_nothing_of_theirs_and_ends_with_us() {
    let guard = guard();
    let script = "echo room $(cut -d' ' -f4 /proc/$PPID/stat)
        echo out $(readlink /proc/$$/fd/1) lifeline $(readlink /proc/$PPID/fd/0); exit 7";
    let run = || {
        let ended = guard.run(&shell(script, LONG), &mut |_| Action::Continue).unwrap();
        assert_eq!(ended.exit, Exit::Code(7));
        let words: Vec<String> = ended.output.split_whitespace().map(str::to_owned).collect();
        assert!(words[3].starts_with("pipe:") && words[5].starts_with("socket:"), "{words:?}");
        (pid_after("room", &ended.output), [words[3].clone(), words[5].clone()])
    };
    let seen: Vec<(i32, [String; 2])> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let room = seen[0].0;
    assert!(seen.iter().all(|(other, _)| *other == room), "{seen:?}");
    for descriptor in std::fs::read_dir(format!("/proc/{room}/fd")).unwrap() {
        let held = std::fs::read_link(descriptor.unwrap().path()).unwrap();
        let theirs = seen.iter().flat_map(|(_, theirs)| theirs);
        assert!(theirs.clone().all(|theirs| held.to_str() != Some(theirs)), "{}", held.display());
    }
    drop(guard);
    eventually("the guardroom outlived us", || !alive(room));
}

#[test]
fn a_command_goes_on_without_its_guardroom_and_the_next_one_gets_another() {
    let guard = guard();
    let folder = tempfile::tempdir().unwrap();
    let go_on = folder.path().join("go-on");
    let script = format!(
        "echo command $$; while [ ! -e '{}' ]; do sleep 0.02; done; echo went on; exit 3",
        go_on.display()
    );
    let mut killed = None;
    let mut watch = |tick: Tick<'_>| {
        if killed.is_none() && tick.output.contains('\n') {
            let room = parent(parent(pid_after("command", tick.output)));
            kill(room);
            killed = Some(room);
            std::fs::write(&go_on, "").unwrap();
        }
        Action::Continue
    };
    let ended = guard.run(&shell(&script, LONG), &mut watch).unwrap();
    assert_eq!((ended.exit, ended.output.ends_with("went on\n")), (Exit::Code(3), true), "{}", ended.output);
    let room = killed.expect("the command has told its id");
    eventually("the guardroom survived", || !alive(room));
    let ended = guard.run(&shell("exit 5", LONG), &mut |_| Action::Continue).unwrap();
    assert_eq!(ended.exit, Exit::Code(5));
}

#[test]
fn a_folder_is_one_of_ours_and_not_of_the_guardroom_and_has_to_be_there() {
    let mut invocation = shell("pwd", LONG);
    for folder in ["src", "."] {
        invocation.cwd = folder.into();
        let here = std::env::current_dir().unwrap().join(folder).canonicalize().unwrap();
        assert_eq!(run(&invocation).output, format!("{}\n", here.display()));
    }
    invocation.cwd = "no-such-folder".into();
    let error = guard().run(&invocation, &mut |_| Action::Continue).unwrap_err();
    assert!(error.message().starts_with("failed to start `sh`: there is no folder"), "{error}");
}

/// Starts the guard as the real runner does, and then does nothing until it is killed.
const RUNNER: &str = "
import socket, subprocess, sys, time
ours, theirs = socket.socketpair()
guard = subprocess.Popen([sys.argv[1], '__guard', '--', 'sh', '-c', sys.argv[2]], stdin=theirs)
theirs.close()
print('guard', guard.pid, flush=True)
time.sleep(600)
";
