//! The rooms of `src/` and what each may import, as data. `docs/architecture.md` shows the same table to people.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Room, what it may import, whether it is pure. A room may always import itself.
const ROOMS: &[(&str, &[&str], bool)] = &[
    ("error", &[], true),
    ("ownership", &[], false),
    ("diagnostic", &["error"], true),
    ("evidence", &["error", "diagnostic"], true),
    ("event", &["evidence"], true),
    ("outbound", &["error", "diagnostic"], true),
    ("cluster", &["error", "diagnostic", "outbound"], true),
    ("tutorial", &["error", "diagnostic", "evidence", "event"], true),
    ("content", &["error", "ownership", "diagnostic", "outbound"], false),
    ("exec", &["error", "ownership"], false),
    ("scaffold", &["error", "ownership", "outbound", "content"], false),
    ("localnet", &["error", "ownership", "outbound", "content", "exec"], false),
    ("network", &["error", "evidence", "cluster", "content", "exec", "localnet"], false),
    ("report", &["error", "ownership", "evidence", "event"], false),
    (
        "runner",
        &[
            "error",
            "ownership",
            "diagnostic",
            "evidence",
            "event",
            "outbound",
            "cluster",
            "tutorial",
            "content",
            "exec",
            "network",
        ],
        false,
    ),
];

/// What a pure room must not name: each touches files, sockets, processes, clocks or terminals.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::process",
    "std::env",
    "std::time::SystemTime",
    "std::time::Instant",
    "Instant::now",
    "SystemTime::now",
    "println!",
    "eprintln!",
    "print!",
    "std::io::std",
    "tokio::",
    "nix::",
];

/// The files of the program itself; a `tests.rs` and what lies in a `tests/` are test modules and may do as they like.
pub(super) fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The room that a file belongs to: the first component below `src/`, without `.rs`.
fn room_of(path: &Path, src: &Path) -> String {
    let below = path.strip_prefix(src).expect("below src");
    let first = below.components().next().expect("a component").as_os_str().to_string_lossy().into_owned();
    first.strip_suffix(".rs").map(str::to_owned).unwrap_or(first)
}

/// The code without its comments and without the test module, which may do as it likes.
pub(super) fn code_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source file is readable");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that a piece of code names as `crate::room`, also in `crate::{a, b}`.
fn imports_of(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (position, _) in code.match_indices("crate::") {
        let rest = &code[position + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        rooms.insert(first_word(&name));
                        name.clear();
                        continue;
                    }
                    _ => {}
                }
                name.push(character);
            }
            rooms.insert(first_word(&name));
        } else {
            rooms.insert(first_word(rest));
        }
    }
    rooms.remove("");
    rooms
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn rooms() -> BTreeMap<&'static str, (&'static [&'static str], bool)> {
    ROOMS.iter().map(|(room, imports, pure)| (*room, (*imports, *pure))).collect()
}

#[test]
fn a_room_imports_only_what_the_table_allows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let table = rooms();
    let mut broken = Vec::new();
    for file in files {
        let room = room_of(&file, &src);
        let Some((allowed, _)) = table.get(room.as_str()) else {
            assert!(
                ["main", "lib", "cli", "commands"].contains(&room.as_str()),
                "`{room}` is not in the table of rooms"
            );
            continue;
        };
        for import in imports_of(&code_of(&file)) {
            if import != room && !allowed.contains(&import.as_str()) {
                broken.push(format!("{} imports `{import}`", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let table = rooms();
    let mut broken = Vec::new();
    for file in files {
        if !table.get(room_of(&file, &src).as_str()).is_some_and(|(_, pure)| *pure) {
            continue;
        }
        let code = code_of(&file);
        broken.extend(
            IMPURE
                .iter()
                .filter(|name| code.contains(**name))
                // An I/O error is a value; making one touches nothing.
                .map(|name| format!("{} names `{name}`", file.display())),
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("//!"), "{} does not open with what it is for", file.display());
    }
}

#[test]
fn the_scanner_sees_every_form_of_import() {
    let code = "use crate::error::Error;\nuse crate::{\n    evidence::{Exit, Verdict},\n    outbound,\n};\nlet x = crate::exec::run();";
    let found: Vec<String> = imports_of(code).into_iter().collect();
    assert_eq!(found, ["error", "evidence", "exec", "outbound"]);
}

#[test]
fn the_architecture_page_shows_the_same_rooms() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md"))
        .expect("the page");
    for (room, imports, pure) in ROOMS {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{room}` |")))
            .unwrap_or_else(|| panic!("docs/architecture.md has no row for `{room}`"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[3], imports.join(", "), "imports of `{room}`");
        assert_eq!(cells[4], if *pure { "yes" } else { "" }, "purity of `{room}`");
    }
}
