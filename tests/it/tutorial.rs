//! Tutorials of other people: proved, trusted, walked, and kept up to date.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder with a home and a copy of the small tutorial.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(desk.path("home")).unwrap();
        fs::create_dir_all(desk.path("theirs")).unwrap();
        for entry in fs::read_dir(Path::new(ROOT).join("examples/other-tutorial")).unwrap().flatten() {
            if entry.path().is_file() {
                fs::copy(entry.path(), desk.path("theirs").join(entry.file_name())).unwrap();
            }
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn ours(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        command.args(arguments).current_dir(self.0.path()).env("HOME", self.path("home"));
        command.env_remove("XDG_STATE_HOME").env_remove("XDG_DATA_HOME").stdin(Stdio::null());
        command.output().unwrap()
    }

    fn run(&self, more: &[&str]) -> Output {
        self.ours(
            &[&["run", "--tutorial", "theirs", "--network", "local", "--yes", "--again"], more].concat(),
        )
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path("theirs").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path("theirs").join(file)).unwrap()
    }

    fn codes(&self, more: &[&str]) -> (Option<i32>, Vec<String>, Value) {
        let output = self.ours(&[&["tutorial", "check", "theirs", "--format", "json"], more].concat());
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", errors(&output)));
        let findings = report["findings"].as_array().unwrap().iter();
        let codes = findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        (output.status.code(), codes, report)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nobody_s_commands_run_before_somebody_agreed_and_yes_is_no_answer() {
    let desk = Desk::new();
    let refused = desk.run(&[]);
    assert_eq!(refused.status.code(), Some(2));
    let shown = errors(&refused);
    for part in [
        "python: python3 -c",
        "folder: on any end: rmdir scratch-of-the-tutorial",
        "file words.py: sha256 ",
        "golem-outbound run --tutorial theirs --trust",
    ] {
        assert!(shown.contains(part), "no `{part}` in {shown}");
    }
    assert!(!desk.path("home/.local").exists());

    let walked = desk.run(&["--trust"]);
    assert_eq!(walked.status.code(), Some(0), "{}\n{}", said(&walked), errors(&walked));
    assert!(
        said(&walked).contains("What to expect:") && !said(&walked).contains("note: "),
        "{}",
        said(&walked)
    );
    assert!(!desk.path("theirs/scratch-of-the-tutorial").exists(), "the teardown has run");
    let kept = desk.path("home/.local/state/golem-outbound/trusted.json");
    assert_eq!(fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);

    // Prose runs nothing; a command and a file that one names do.
    desk.edit("01-python.md", "has to guess", "must guess");
    assert_eq!(desk.run(&[]).status.code(), Some(0));
    desk.edit("words.py", "\"\"\"Counts", "\"\"\"Also counts");
    let asked = desk.run(&[]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(
        errors(&asked).contains("Since then this has changed:\n\n  - file words.py: "),
        "{}",
        errors(&asked)
    );
}

#[test]
fn a_command_cannot_hide_in_what_a_terminal_does_not_show() {
    let desk = Desk::new();
    desk.edit("03-folder.md", "[mkdir, scratch-of-the-tutorial]", "[mkdir, \"a\\e[8mb\\r\\u202e\"]");
    let shown = errors(&desk.run(&[]));
    assert!(shown.contains(r"folder: mkdir $'a\x1b[8mb\r\u202e'"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
}

#[test]
fn a_project_with_the_template_s_commands_never_asks_and_another_one_does() {
    let desk = Desk::new();
    let made = desk.ours(&["new", "mine", "--yes"]);
    assert!(made.status.success(), "{}", errors(&made));
    let step = desk.path("mine/tutorial/03-configure-outbound.md");
    let text = fs::read_to_string(&step).unwrap();
    let run = |folder: &str| {
        desk.ours(&["run", "--tutorial", folder, "--network", "local", "--yes", "configure-outbound"])
    };
    // Whatever keeps this walk from its end, it is not the question: that would come first.
    fs::write(&step, text.replace("A node has no way", "No node has a way")).unwrap();
    assert!(!errors(&run("mine")).contains("nobody has agreed"));
    fs::write(&step, text.replace("[golem-outbound, check]", "[touch, owned]")).unwrap();
    let asked = run("mine");
    assert_eq!(asked.status.code(), Some(2));
    assert!(errors(&asked).contains("configure-outbound: touch owned"), "{}", errors(&asked));
    assert!(!desk.path("mine/owned").exists());
}

#[test]
fn both_tutorials_that_come_with_the_program_are_proved() {
    let desk = Desk::new();
    assert_eq!(desk.codes(&[]).1, Vec::<String>::new());
    let template = desk.ours(&["tutorial", "check", "--template"]);
    assert_eq!(template.status.code(), Some(0), "{}", said(&template));
    assert_eq!(said(&template), "10 steps: no errors, no warnings\n");
}

#[test]
fn what_is_wrong_with_a_tutorial_is_found() {
    let desk = Desk::new();
    desk.edit("01-python.md", "(02-words.md)", "(02-wörter.md)");
    desk.edit(
        "01-python.md",
        "  - exit_code: 0\n  - output_has: \"Python 3\"\n",
        "  - output_lacks: Traceback\n",
    );
    desk.edit("02-words.md", "    samples: [", "    samples: [\"quite fine\", ");
    desk.edit("03-folder.md", "teardown:\n  - [rmdir, scratch-of-the-tutorial]\n", "");
    let (code, codes, report) = desk.codes(&[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        codes,
        ["check-always-passes", "link-broken", "hint-sample-unmatched", "step-without-teardown"]
    );
    assert_eq!(report["findings"][1]["file"], "theirs/01-python.md");
    assert!(report["findings"][1]["line"].as_u64() > Some(8), "{report}");
    desk.edit("02-words.md", "{{ tutorial }}/poem.txt", "{{ tutorail }}/poem.txt");
    assert_eq!(desk.codes(&[]).1, ["placeholder-without-value"]);
}

#[test]
fn a_walk_proves_each_step_by_a_check_that_sees_it() {
    let desk = Desk::new();
    let (code, codes, report) = desk.codes(&["--run", "--network", "local", "--trust"]);
    assert_eq!((code, codes.len()), (Some(0), 0), "{report}");
    let steps = report["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    for check in steps.iter().flat_map(|step| step["checks"].as_array().unwrap()) {
        assert_eq!(check["after"]["verdict"], "pass", "{check}");
        assert_ne!(check["before"]["verdict"], "pass", "{check}");
    }
    desk.edit("02-words.md", " words in 3 lines\"", " words in 4 lines\"");
    let (code, codes, report) = desk.codes(&["--run", "--network", "local", "--trust"]);
    assert_eq!((code, codes), (Some(1), vec!["step-does-not-pass".to_owned()]), "{report}");
    assert_eq!(report["not_walked"][0], "folder");
}

/// A step's command in Python that starts a process which outlives it, and notes its id.
fn starts(seconds: u32, more: &str) -> String {
    let code = format!(
        "import subprocess; p = subprocess.Popen(['sleep', '{seconds}']); open('pid', 'w').write(str(p.pid)); print('started')"
    );
    format!("run:\n  - [python3, -c, \"{code}\"]\n{more}checks:\n  - output_has: started\n")
}

/// On the localnet, because processes are seen there.
#[test]
fn what_outlives_its_step_or_its_teardown_is_found_by_a_walk() {
    let desk = Desk::new();
    fs::remove_dir_all(desk.path("theirs")).unwrap();
    fs::create_dir(desk.path("theirs")).unwrap();
    std::os::unix::fs::symlink(crate::python_env::environment(), desk.path("theirs/venv")).unwrap();
    let steps = [
        ("leaves", starts(4321, "")),
        ("forgets", starts(4322, "teardown:\n  - [\"true\"]\n")),
        ("undoes", starts(4323, "teardown:\n  - [sh, -c, \"kill $(cat pid)\"]\n")),
    ];
    for (number, (id, keys)) in steps.iter().enumerate() {
        let text = format!("---\nid: {id}\ntitle: T\n{keys}---\n\nProse.\n");
        fs::write(desk.path("theirs").join(format!("{number}-{id}.md")), text).unwrap();
    }
    let (code, codes, report) = desk.codes(&["--run", "--content", "mirror", "--trust"]);
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(codes, ["step-leaves-something", "teardown-leaves-something"], "{report}");
    let message = |at: usize| report["findings"][at]["message"].as_str().unwrap();
    assert!(message(0).contains("step `leaves`") && message(0).ends_with("lived on: sleep 4321"), "{report}");
    assert!(
        message(1).contains("what step `forgets` has started")
            && message(1).ends_with("lived on: sleep 4322"),
        "{report}"
    );
}

#[test]
fn an_expected_output_that_has_drifted_is_noted_and_renewed() {
    let desk = Desk::new();
    let before = desk.text("02-words.md");
    desk.edit("poem.txt", "with care", "with great care");
    let walked = desk.run(&["--trust"]);
    assert_eq!(walked.status.code(), Some(0), "a difference is no failure");
    assert!(
        said(&walked).replace("\n  ", " ").contains("it does not say “19 words in 3 lines”"),
        "{}",
        said(&walked)
    );

    let updated = desk.run(&["--update"]);
    assert_eq!(updated.status.code(), Some(0), "{}", errors(&updated));
    let shown = said(&updated);
    assert!(
        shown.contains("\n-19 words in 3 lines\n") && shown.contains("\n+20 words in 3 lines\n"),
        "{shown}"
    );
    assert!(shown.contains("so no cause can be named"), "{shown}");
    let after = desk.text("02-words.md");
    let comment = after.lines().find(|line| line.starts_with("<!-- seen with ")).unwrap().to_owned();
    let expected = before.replace("```output\n19", &format!("{comment}\n```output\n20"));
    assert_eq!(after, expected, "nothing else has changed");

    let again = desk.run(&["--update"]);
    assert!(said(&again).contains("2 of the steps that passed have one, 0 written anew"), "{}", said(&again));
    assert_eq!(desk.text("02-words.md"), after);
    desk.edit("poem.txt", "great ", "");
    desk.edit("02-words.md", "whitelist 2", "whitelist 1");
    assert!(said(&desk.run(&["--update", "--trust"])).contains("likely cause: whitelist 1"));
}
