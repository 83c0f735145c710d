//! What a reader can type in a walk, and what becomes of what is typed while nobody asks.

use super::cheap::{Cheap, WALK};
use super::pty::CTRL_C;

const QUESTION: &str = "[?]: ";
const HINT: &str =
    "hints:\n  - {symptom: 'b runs', cause: you, why: The file is in the way., command: remove it}\n";

fn cheap() -> Cheap {
    Cheap::new(&[("a", ""), ("b", HINT), ("c", "needs: [b]\n")])
}

#[test]
fn one_can_look_go_back_retry_ask_for_hints_and_open_a_shell() {
    let cheap = cheap();
    cheap.write("b-is-broken", "");
    let mut walk = cheap.start_on_terminal(&[], 80);
    walk.until(QUESTION);
    walk.type_in("?\n");
    walk.until("this list");
    walk.until(QUESTION);
    walk.type_in("b\n");
    walk.until("no step lies before this one");
    walk.until(QUESTION);
    walk.type_in("c\n");
    walk.until("checks: ");
    walk.until(QUESTION);
    walk.type_in("\n");
    walk.until("a: passed");
    walk.until(QUESTION);
    walk.type_in("back\n");
    walk.until("The step a");
    walk.until(QUESTION);
    walk.type_in("skip\n");
    walk.until("stays as it was");
    walk.until("The step b");
    walk.until(QUESTION);
    walk.type_in("r\n");
    walk.until("b: failed");
    walk.until(QUESTION);
    walk.type_in("h\n");
    walk.until("remove it");
    walk.until(QUESTION);
    walk.type_in("x\n");
    walk.until("(b) ");
    walk.type_in("rm b-is-broken; echo $VIRTUAL_ENV; pwd\n");
    walk.until("/project/venv\r\n");
    walk.until("(b) ");
    walk.type_in("exit\n");
    walk.until("back in the walk");
    walk.until(QUESTION);
    walk.type_in("a\n");
    walk.until("b: passed");
    walk.until(QUESTION);
    walk.type_in("a\n");
    walk.until("b: passed");
    walk.until("The step c");
    walk.until(QUESTION);
    walk.type_in("q\n");
    walk.end_with(130);
    assert_eq!(cheap.ran(), ["a", "b", "b", "b"]);
    assert_eq!(cheap.standings(), ["a: done", "b: done", "c: due not done yet"]);
}

#[test]
fn what_is_typed_while_a_step_runs_is_shown_and_answers_nothing_by_itself() {
    let cheap = cheap();
    let held = |keys: &str| {
        cheap.write("hold", "a");
        let mut walk = cheap.start_on_terminal(&["--again"], 80);
        walk.until(QUESTION);
        walk.type_in("\n");
        walk.until("a runs");
        walk.type_in(keys);
        cheap.remove("hold");
        walk.until("a: passed");
        walk
    };
    // A whole line is offered; another answer puts it aside.
    let mut walk = held("q\n");
    walk.until("Enter takes `q`, or answer anew: ");
    walk.type_in("s\n");
    walk.until("b: skipped");
    // `c` needs `b`, so that nothing is left to ask.
    walk.end_with(4);
    // A line that was only begun, too; and Enter takes it.
    let mut walk = held("skip");
    walk.until("Enter takes `skip`, or answer anew: ");
    walk.type_in("\n");
    walk.until("b: skipped");
    walk.end_with(4);
    // What is no answer is shown, and Enter alone is not taken for one.
    let mut walk = held("ls -l\n\n");
    walk.until("you typed `ls -l` before this question; it is no answer to it");
    walk.until(QUESTION);
    walk.type_in(CTRL_C);
    walk.end_with(130);
    let mut walk = held("\n\n\n");
    walk.until("Enter was pressed before this question; it is no answer to it");
    walk.until(QUESTION);
    walk.type_in("q\n");
    walk.end_with(130);
    assert!(!cheap.ran().contains(&"b".to_owned()));
}

/// Ours alone: what a step's command prints, and its command line, are as they are.
fn our_lines(shown: &str) -> Vec<&str> {
    let lines = shown.lines().map(|line| line.trim_end_matches('\r'));
    lines
        .filter(|line| !line.contains(" runs") && !line.contains("sh -c") && !line.contains("echo "))
        .collect()
}

#[test]
fn narrow_and_wide_without_unicode_and_for_a_screen_reader() {
    let cheap = cheap();
    // Agreed to beforehand: commands that are asked about are never broken into lines.
    cheap.start(&["--yes"]).end_with(0);
    cheap.write_step(0, "a", "", "An arrow → and “quotes” … and more words than fit into a narrow terminal.");
    for (arguments, columns) in
        [(&["--again"][..], 40), (&["--again"][..], 200), (&["--again", "--plain"][..], 40)]
    {
        let all: Vec<&str> = WALK.iter().chain(arguments).copied().collect();
        let mut command = cheap.place.command(&all, &cheap.project);
        command.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_CTYPE");
        let mut walk = super::running::Running::on_terminal(command, columns, cheap.place.path("stderr"));
        let question = if arguments.len() > 1 { "for more words: " } else { QUESTION };
        walk.until(question);
        walk.type_in("?\n");
        walk.until(question);
        walk.type_in("r\n");
        walk.until("a: passed");
        walk.until(question);
        walk.type_in("q\n");
        let shown = walk.end_with(130);
        assert!(shown.is_ascii() && !shown.contains('\u{1b}'), "{shown:?}");
        let longest = usize::from(columns).max(if arguments.len() > 1 { 70 } else { 0 });
        for line in our_lines(&shown) {
            assert!(line.chars().count() <= longest, "{columns}: {line:?}");
        }
        assert!(shown.contains("An arrow -> and \"quotes\" ..."), "{shown}");
        if arguments.len() > 1 {
            assert!(shown.contains("Step 1 of 3: ") && shown.contains("check passed: "), "{shown}");
            assert!(!shown.replace("\r\n", "").contains('\r'), "{shown:?}");
        }
    }
}
