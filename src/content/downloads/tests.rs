//! The list is read whatever its layout, and edits touch nothing but it.

use proptest::prelude::*;

use super::*;
use crate::content::sample;

fn urls(script: &str) -> Vec<String> {
    Downloads::find(script).unwrap().urls().to_vec()
}

fn why(script: &str) -> (String, Option<(usize, usize)>) {
    let finding = Downloads::find(script).unwrap_err();
    (finding.message, finding.span.map(|span| (span.line, span.column)))
}

fn with(script: &str, entries: &[&str]) -> String {
    let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
    Downloads::find(script).unwrap().with(&entries, false)
}

#[test]
fn the_list_is_read_in_any_layout() {
    for script in [
        "import x\nDOWNLOADS = [\n    \"https://a/\",\n    # \"https://b/\",\n    \"https://c/#sha256=0\"\n]\n",
        "DOWNLOADS=['https://a/',\"https://c/#sha256=0\"]",
        "DOWNLOADS: list[str] = [  # mine\r\n  'https://a/',  # one, \"two\"\r\n  (\r\n 'https://c/' r\"#sha256=0\"\r\n ),\r\n]; x = 1\r\n",
        "\"\"\"\nDOWNLOADS = [\"no\"]\n\"\"\"\nx = (\nDOWNLOADS == 1)\nDOWNLOADS_B = 1\nDOWNLOADS = [\"\"\"https://a/\"\"\", \"https:\\\n//c/#sha256=0\",]\n",
        "# it's\ns = f'it\\'s {x!r:>{y}}'\ndef f():\n    DOWNLOADS = 1\nDOWNLOADS = [u\"https://a/\", \"https://c/#\" \"sha256=0\"] # ]\n",
    ] {
        assert_eq!(urls(script), ["https://a/", "https://c/#sha256=0"], "{script}");
    }
    assert_eq!(urls("DOWNLOADS = [ # none\n]\n"), [""; 0]);
}

#[test]
fn what_is_no_list_of_texts_is_refused_at_its_place() {
    assert_eq!(why("print(1)\n"), ("the script has no list `DOWNLOADS`".into(), None));
    for (script, place, what) in [
        ("\nDOWNLOADS = read()\n", (2, 13), "`DOWNLOADS` is no list in brackets"),
        ("DOWNLOADS = (\"a\",)\n", (1, 13), "`DOWNLOADS` is no list in brackets"),
        (
            "DOWNLOADS = [\n  \"a\",\n  BASE + \"b\",\n]\n",
            (3, 3),
            "an entry of `DOWNLOADS` is not a text in quotes",
        ),
        ("DOWNLOADS = [\n  \"a\" + X,\n]\n", (2, 7), "an entry of `DOWNLOADS` is not a text in quotes"),
        ("DOWNLOADS = [f\"{x}\"]\n", (1, 14), "an entry of `DOWNLOADS` is not a text in quotes"),
        ("DOWNLOADS = [{\"url\": \"a\"}]\n", (1, 14), "an entry of `DOWNLOADS` is not a text in quotes"),
        ("DOWNLOADS = [u for u in x]\n", (1, 14), "an entry of `DOWNLOADS` is not a text in quotes"),
        (
            "DOWNLOADS = [\"a\"] + MORE\n",
            (1, 18),
            "`DOWNLOADS` is more than a list: something follows its `]`",
        ),
        ("DOWNLOADS = []\nDOWNLOADS = [\"a\"]\n", (2, 1), "`DOWNLOADS` is assigned a second time"),
        ("DOWNLOADS = [\"a\n]\n", (1, 14), "a text is not closed on its line"),
        ("DOWNLOADS = [\"a\"", (1, 17), "an entry of `DOWNLOADS` is not a text in quotes"),
    ] {
        assert_eq!(why(script), (what.into(), Some(place)), "{script}");
    }
}

#[test]
fn new_entries_come_last_and_those_with_a_new_pin_stay_where_they_are() {
    let script = "DOWNLOADS = [\n    \"https://a/\",\n    'https://b/#sha256=0'  # mine\n]\nmain()\n";
    assert_eq!(
        with(script, &["https://a/#sha256=1", "https://b/#sha256=0", "https://c/"]),
        "DOWNLOADS = [\n    \"https://a/#sha256=1\",\n    'https://b/#sha256=0',  # mine\n    \"https://c/\"\n]\nmain()\n"
    );
}

#[test]
fn the_sample_gives_its_place_with_its_comment() {
    let replaced = |script: &str, entries: &[&str]| {
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        Downloads::find(script).unwrap().with(&entries, true)
    };
    let sample = format!("\"{}#sha256=0\"", sample::URL);
    let script = format!(
        "DOWNLOADS = [\n    \"a\",\n    # Only the mirror has this ({}): put\n    {sample},  # so\n    \"b\",\n]\n",
        sample::MARK
    );
    assert!(Downloads::find(&script).unwrap().has_sample());
    assert_eq!(
        replaced(&script, &["https://x/", "https://y/"]),
        "DOWNLOADS = [\n    \"a\",\n    \"https://x/\",\n    \"https://y/\",  # so\n    \"b\",\n]\n"
    );
    assert_eq!(replaced(&script, &["a"]), "DOWNLOADS = [\n    \"a\",\n    \"b\",\n]\n");
    let line = format!("DOWNLOADS = [\"a\", {sample}]\n");
    assert_eq!(replaced(&line, &["https://x/"]), "DOWNLOADS = [\"a\", \"https://x/\"]\n");
    assert_eq!(replaced(&line, &["a"]), "DOWNLOADS = [\"a\"]\n");
    assert_eq!(replaced(&format!("DOWNLOADS = [{sample}, \"a\"]\n"), &["a"]), "DOWNLOADS = [ \"a\"]\n");
    assert_eq!(replaced("DOWNLOADS = []\n", &["a"]), "DOWNLOADS = [\"a\"]\n");
}

/// Scripts with a list in many layouts, and the entries in it.
fn script() -> impl Strategy<Value = (String, Vec<String>)> {
    let entry =
        (0..200_u32, prop::bool::ANY, prop::bool::ANY, prop::sample::select(vec!["", " # why, \"x\"]"]));
    let entries = prop::collection::vec(entry, 0..5);
    (entries, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(entries, lines, trailing, carriage, last_newline)| {
            let (mut text, mut urls) = (String::from("x = 'DOWNLOADS = ['\n\nDOWNLOADS = ["), Vec::new());
            let count = entries.len();
            for (index, (number, single, comment_above, comment)) in entries.into_iter().enumerate() {
                let url = format!("https://h{index}.io/{number}");
                if lines {
                    text += "\n    ";
                    if comment_above {
                        text += "# above ]\n    ";
                    }
                } else if index > 0 {
                    text.push(' ');
                }
                text += &if single { format!("'{url}'") } else { format!("\"{url}\"") };
                if index + 1 < count || trailing {
                    text.push(',');
                }
                if lines {
                    text += comment;
                }
                urls.push(url);
            }
            text += if lines { "\n]\nmain(DOWNLOADS)" } else { "]\nmain(DOWNLOADS)" };
            if last_newline {
                text.push('\n');
            }
            (if carriage { text.replace('\n', "\r\n") } else { text }, urls)
        },
    )
}

proptest! {
    #[test]
    fn an_edit_adds_what_it_should_and_changes_nothing_else((script, old) in script(), count in 1..3_usize) {
        prop_assert_eq!(&urls(&script), &old);
        let new: Vec<String> = (0..count).map(|n| format!("https://new.io/{n}#sha256=00")).collect();
        let after = Downloads::find(&script).unwrap().with(&new, false);
        prop_assert_eq!(urls(&after), [old.clone(), new.clone()].concat(), "{}", after);
        prop_assert_eq!(Downloads::find(&after).unwrap().with(&new, false), after.clone());
        // Without the new entries and the commas that they brought, every byte is the old one.
        let rest = new.iter().fold(after.clone(), |text, entry| text.replace(&format!("\"{entry}\""), ""));
        let bare = |text: &str| text.replace([',', ' ', '\r', '\n'], "");
        prop_assert_eq!(bare(&rest), bare(&script));
        let kept: Vec<&str> = script.lines().filter(|line| after.lines().any(|after| after == *line)).collect();
        let lost = script.lines().count() - kept.len();
        prop_assert!(lost <= 1, "{} lines changed:\n{}", lost, after);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(DOWNLOADS|[\\[\\]()'\"#\\\\\n =,:raé]){0,40}") {
        if let Ok(list) = Downloads::find(&text) {
            let after = list.with(&["https://x/".to_owned()], false);
            prop_assert!(urls(&after).contains(&"https://x/".to_owned()));
        }
    }
}
