//! A state that is kept, and files that cannot be used.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::tutorial::progress::{Inputs, Last};

impl State {
    fn keep(&mut self, network: &str, progress: Progress) -> Result<()> {
        self.networks.remove(network);
        progress.into_iter().try_for_each(|(step, remembered)| self.remember(network, &step, remembered))
    }
}

fn project() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

fn passed(ids: &[&str]) -> Progress {
    let remembered = Remembered {
        last: Last::Passed,
        at: "2026-01-02 03:04 UTC".into(),
        inputs: Inputs::from([("golem-cluster.yaml".into(), "1".into())]),
    };
    ids.iter().map(|id| ((*id).to_owned(), remembered.clone())).collect()
}

#[test]
fn what_is_kept_is_read_again_network_by_network_and_is_private() {
    let (_folder, path) = project();
    let mut state = State::read(&path, None);
    assert_eq!((state.progress("local"), state.ignored()), (Progress::new(), None));
    state.keep("local", passed(&["a"])).unwrap();
    state.keep("localnet", passed(&["a", "b"])).unwrap();
    let again = State::read(&path, None);
    assert_eq!(again.progress("local"), passed(&["a"]));
    assert_eq!(again.progress("localnet"), passed(&["a", "b"]));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path.join(".golem-outbound")), 0o700);
    assert_eq!(mode(&path.join(".golem-outbound/state.jsonl")), 0o600);
    let left = std::fs::read_dir(path.join(".golem-outbound")).unwrap().count();
    assert_eq!(left, 1, "no temporary file stays");
}

#[test]
fn a_guest_is_remembered_apart_from_the_project_s_own_tutorial_and_from_other_guests() {
    let (_folder, path) = project();
    let guests = [Path::new("/theirs"), Path::new("/others")];
    State::read(&path, None).keep("local", passed(&["a"])).unwrap();
    State::read(&path, Some(guests[0])).keep("local", passed(&["a", "b"])).unwrap();
    assert_eq!(State::read(&path, None).progress("local"), passed(&["a"]));
    assert_eq!(State::read(&path, Some(guests[0])).progress("local"), passed(&["a", "b"]));
    assert_eq!(State::read(&path, Some(guests[1])).progress("local"), Progress::new());
    State::read(&path, Some(guests[0])).forget(None, None).unwrap();
    assert_eq!(State::read(&path, None).progress("local"), passed(&["a"]));
    // A file that was given another one's name.
    let files = guests.map(|guest| State::read(&path, Some(guest)).path());
    std::fs::rename(&files[0], &files[1]).unwrap();
    let mistaken = State::read(&path, Some(guests[1]));
    assert!(mistaken.ignored().expect("it is said").contains("it tells of another tutorial"));
}

#[test]
fn steps_are_forgotten_on_one_network_or_on_all() {
    let (_folder, path) = project();
    let mut state = State::read(&path, None);
    state.keep("local", passed(&["a", "b"])).unwrap();
    state.keep("localnet", passed(&["a", "b"])).unwrap();
    assert_eq!(state.forget(Some("local"), Some(&["b".to_owned()])).unwrap(), 1);
    let again = State::read(&path, None);
    assert_eq!((again.progress("local").len(), again.progress("localnet").len()), (1, 2));
    assert_eq!(state.forget(None, None).unwrap(), 3);
    assert_eq!(State::read(&path, None).progress("localnet"), Progress::new());
}

fn ignored(path: &Path, content: impl AsRef<[u8]>) -> String {
    std::fs::write(path.join(".golem-outbound/state.jsonl"), content).unwrap();
    let mut state = State::read(path, None);
    assert_eq!(state.progress("local"), Progress::new());
    let why = state.ignored().expect("it is said").to_owned();
    // Whatever was there, the next step is kept.
    state.keep("local", passed(&["a"])).unwrap();
    assert_eq!(State::read(path, None).progress("local"), passed(&["a"]));
    why.replace("`.golem-outbound/state.jsonl` is not used: ", "")
        .replace("; every step counts as not done", "")
}

#[test]
fn a_file_that_cannot_be_used_is_left_aside_with_the_reason() {
    let (_folder, path) = project();
    let mut state = State::read(&path, None);
    state.keep("local", passed(&["a"])).unwrap();
    let whole = std::fs::read_to_string(path.join(".golem-outbound/state.jsonl")).unwrap();

    assert_eq!(ignored(&path, &whole[..20]), "it is damaged (line 1 has no end)", "truncated");
    assert_eq!(ignored(&path, ""), "it is damaged (line 1 has no end)");
    assert_eq!(ignored(&path, [0xff, 0, 1]), "it is damaged (no text)");
    assert_eq!(ignored(&path, "[]\n"), "it does not say of which format it is");
    assert_eq!(ignored(&path, "{\"format\": 1}\n"), "an older version of this program wrote it (format 1)");
    assert_eq!(ignored(&path, "{\"format\": 3}\n"), "a newer version of this program wrote it (format 3)");
    assert!(ignored(&path, "{\"format\": 2}\n").starts_with("it is damaged (line 1: missing field"));
    assert!(ignored(&path, format!("{whole}\0\0\n")).starts_with("it is damaged (line 3: expected value"));
    let large = whole.repeat(usize::try_from(LARGEST).unwrap() / whole.len() + 1);
    assert_eq!(ignored(&path, large), "it is larger than 16 MiB");
    let elsewhere = whole.replace(&*path.to_string_lossy(), "/elsewhere");
    assert_eq!(ignored(&path, elsewhere), "it tells of the project in `/elsewhere`");
}

#[test]
fn of_a_file_that_is_cut_all_lines_with_an_end_count_and_it_grows_on() {
    let (_folder, path) = project();
    let mut state = State::read(&path, None);
    state.keep("local", passed(&["a", "b"])).unwrap();
    let file = path.join(".golem-outbound/state.jsonl");
    let whole = std::fs::read(&file).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..whole.len() {
        std::fs::write(&file, &whole[..length]).unwrap();
        let mut state = State::read(&path, None);
        assert_eq!(state.ignored().is_some(), length <= head, "{length} bytes");
        let known = whole[..length].iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        assert_eq!(state.progress("local"), passed(&["a", "b"][..known]), "{length} bytes");
        state.keep("localnet", passed(&["c", "d"])).unwrap();
        let again = State::read(&path, None);
        assert_eq!(again.progress("local"), passed(&["a", "b"][..known]), "{length} bytes");
        assert_eq!(again.progress("localnet"), passed(&["c", "d"]), "{length} bytes");
    }
}

#[test]
fn each_step_adds_one_line_and_the_next_walk_begins_with_a_line_for_each() {
    let (_folder, path) = project();
    let file = path.join(".golem-outbound/state.jsonl");
    let lines = || std::fs::read_to_string(&file).unwrap().lines().count();
    let mut state = State::read(&path, None);
    for (step, expected) in [("a", 2), ("b", 3), ("a", 4), ("b", 5)] {
        state.remember("local", step, passed(&[step])[step].clone()).unwrap();
        assert_eq!(lines(), expected, "{step}");
    }
    State::read(&path, None).remember("local", "b", passed(&["b"])["b"].clone()).unwrap();
    assert_eq!(lines(), 3);
    assert_eq!(State::read(&path, None).progress("local"), passed(&["a", "b"]));
}

#[test]
fn what_is_taken_away_or_written_to_meanwhile_is_written_again_as_a_whole() {
    let (_folder, path) = project();
    let private = path.join(".golem-outbound");
    let mut state = State::read(&path, None);
    state.remember("local", "a", passed(&["a"])["a"].clone()).unwrap();
    std::fs::remove_dir_all(&private).unwrap();
    state.remember("local", "b", passed(&["b"])["b"].clone()).unwrap();
    assert_eq!(State::read(&path, None).progress("local"), passed(&["a", "b"]));
    std::fs::write(private.join("state.jsonl"), "garbage").unwrap();
    state.remember("local", "c", passed(&["c"])["c"].clone()).unwrap();
    assert_eq!(State::read(&path, None).progress("local"), passed(&["a", "b", "c"]));
}

#[test]
fn a_file_of_the_first_format_has_another_name_and_is_told_of() {
    let (_folder, path) = project();
    std::fs::create_dir(path.join(".golem-outbound")).unwrap();
    std::fs::write(path.join(".golem-outbound/state.json"), "{\n  \"format\": 1\n}\n").unwrap();
    let mut state = State::read(&path, None);
    let why = "`.golem-outbound/state.json` is not used: an older version of this program wrote it (format 1); every step \
               counts as not done";
    assert_eq!(state.ignored(), Some(why));
    assert_eq!(State::read(&path, Some(Path::new("/theirs"))).ignored(), None);
    state.keep("local", passed(&["a"])).unwrap();
    assert_eq!(State::read(&path, None).ignored(), None);
}

#[test]
fn another_machine_s_file_is_left_aside_and_a_machine_without_identity_trusts_its_folder() {
    let (_folder, path) = project();
    let read = |machine: Option<&str>| State::read_as(&path, None, machine.map(ToOwned::to_owned));
    read(Some("one")).keep("local", passed(&["a"])).unwrap();
    assert!(read(Some("other")).ignored().unwrap().contains("it was written on another machine"));
    assert_eq!(read(None).progress("local"), passed(&["a"]));
}

#[test]
fn a_folder_in_its_place_is_no_reason_to_stop() {
    let (_folder, path) = project();
    std::fs::create_dir_all(path.join(".golem-outbound/state.jsonl")).unwrap();
    let mut state = State::read(&path, None);
    assert!(state.ignored().unwrap().contains("it cannot be read"), "{:?}", state.ignored());
    assert!(state.keep("local", passed(&["a"])).is_err());
}
