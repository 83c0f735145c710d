//! What Linux has and other systems lack is named only in modules that are gated for it, so that the rest builds elsewhere.
//!
//! Whether it does is told by a compiler for the other system; the commands are in CONTRIBUTING.md.

use std::path::Path;

use super::rooms::{code_of, source_files};

const LINUX: &str = "#[cfg(target_os = \"linux\")]";
const UNIX: &str = "#[cfg(unix)]";

/// Where a module is declared, its files below `src/`, and its gate.
const GATED: &[(&str, &str, &str)] = &[
    ("commands/mod.rs", "commands/guard.rs", LINUX),
    ("commands/mod.rs", "commands/localnet.rs", LINUX),
    ("commands/mod.rs", "commands/localnet_process.rs", LINUX),
    ("commands/mod.rs", "commands/watchdog.rs", UNIX),
    ("exec/disk.rs", "exec/disk/statvfs.rs", UNIX),
    ("exec/mod.rs", "exec/descendants.rs", LINUX),
    ("exec/mod.rs", "exec/guard", LINUX),
    ("exec/mod.rs", "exec/inherited.rs", UNIX),
    ("exec/mod.rs", "exec/terminal.rs", UNIX),
    ("exec/port.rs", "exec/port/listening.rs", LINUX),
    ("exec/port.rs", "exec/port/tables.rs", LINUX),
    ("exec/unguarded.rs", "exec/unguarded/group.rs", UNIX),
    ("localnet/mod.rs", "localnet/control", LINUX),
    ("localnet/mod.rs", "localnet/egress", LINUX),
    ("localnet/mod.rs", "localnet/exe_unit.rs", LINUX),
    ("localnet/mod.rs", "localnet/http", LINUX),
    ("localnet/mod.rs", "localnet/mirror", LINUX),
    ("localnet/mod.rs", "localnet/node", LINUX),
    ("localnet/mod.rs", "localnet/registry.rs", LINUX),
    ("localnet/mod.rs", "localnet/sandbox", LINUX),
    ("localnet/mod.rs", "localnet/ssh", LINUX),
    ("localnet/mod.rs", "localnet/supervisor", LINUX),
    ("localnet/mod.rs", "localnet/yagna", LINUX),
    ("network/mod.rs", "network/project_localnet.rs", LINUX),
    ("ownership.rs", "ownership/by_mode.rs", UNIX),
    ("runner/keyboard.rs", "runner/keyboard/polled.rs", LINUX),
    ("runner/watchdog.rs", "runner/watchdog/duty.rs", UNIX),
    ("runner/watchdog.rs", "runner/watchdog/process.rs", UNIX),
];

/// Files in which a few lines are gated by themselves: what they may name, and how the gate begins there.
const LINES: &[(&str, &[&str], &str)] = &[
    ("commands/mod.rs", &["nix::"], "#[cfg(unix)]\npub fn end_with_the_reader"),
    ("commands/support/contents.rs", &["/proc"], "if !cfg!(target_os = \"linux\") {"),
    ("exec/clock.rs", &["nix::"], "#[cfg(unix)]\npub fn since_boot"),
    ("exec/doctor/probes.rs", &["nix::"], "#[cfg(all(target_os = \"linux\", target_env = \"gnu\"))]\n"),
    ("exec/own_program.rs", &["/proc"], "if cfg!(target_os = \"linux\") { Ok(\"/proc"),
    ("exec/process.rs", &["std::os::unix"], "#[cfg(unix)]\n    return std::os::unix"),
    ("network/lifeline.rs", &["std::os::fd"], "#[cfg(unix)]\npub type Lifeline"),
    ("runner/ledger.rs", &["std::os::unix"], "#[cfg(unix)]\nmod bytes"),
];

/// What only Unix has, and what only Linux has beyond that; the crates come from Cargo.toml.
fn foreign() -> (Vec<String>, Vec<String>) {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let manifest: toml::Table = manifest.parse().expect("the manifest is TOML");
    let crates = |system: &str| -> Vec<String> {
        let names = manifest["target"][system]["dependencies"].as_table().expect("a table").keys();
        names.map(|name| format!("{}::", name.replace('-', "_"))).collect()
    };
    let mut unix = crates("cfg(unix)");
    unix.extend(["std::os::unix", "std::os::fd"].map(String::from));
    let mut linux: Vec<String> = crates("cfg(target_os = \"linux\")");
    linux.retain(|name| !unix.contains(name));
    linux.extend(["std::os::linux", "/proc"].map(String::from));
    (unix, linux)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether `code` names the crate or path, and not another that ends so: `tokio::` but not `not_tokio::`.
fn names(code: &str, wanted: &str) -> bool {
    code.match_indices(wanted).any(|(at, _)| {
        !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
    })
}

/// The gates of the modules that a file lies in.
fn gates(file: &str) -> Vec<&'static str> {
    let lies_in = |module: &str| {
        file == module || file.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    GATED.iter().filter(|(_, module, _)| lies_in(module)).map(|(_, _, gate)| *gate).collect()
}

/// Test modules that other systems do not compile, besides those that [`code_of`] leaves out.
fn without_tests(code: &str) -> &str {
    code.split("#[cfg(all(test, unix))]").next().unwrap_or_default()
}

#[test]
fn what_other_systems_lack_is_named_only_behind_a_gate() {
    let (unix, linux) = foreign();
    let src = root().join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let (mut broken, mut used) = (Vec::new(), Vec::new());
    for path in files {
        let file = path.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
        let code = code_of(&path);
        let gates = gates(&file);
        let foreign = unix.iter().map(|name| (name, UNIX)).chain(linux.iter().map(|name| (name, LINUX)));
        for (name, gate) in foreign.filter(|(name, _)| names(without_tests(&code), name)) {
            if gates.contains(&LINUX) || gates.contains(&gate) {
                continue;
            }
            let line = LINES.iter().find(|(place, names, begins)| {
                *place == file && names.contains(&name.as_str()) && code.contains(begins)
            });
            match line {
                Some(line) => used.push(line.0),
                None => broken.push(format!("src/{file} names `{name}` without {gate}")),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let stale: Vec<&str> = LINES.iter().map(|line| line.0).filter(|place| !used.contains(place)).collect();
    assert!(stale.is_empty(), "these name nothing foreign any more: {stale:?}");
}

#[test]
fn every_gated_module_is_declared_behind_its_gate() {
    for (declared_in, module, gate) in GATED {
        let place = root().join("src").join(declared_in);
        let text = std::fs::read_to_string(&place).expect("the module's parent");
        let file = Path::new(module).file_stem().expect("a name").to_string_lossy();
        let by_path = format!("#[path = \"{}\"]", module.split_once('/').map_or(*module, |(_, rest)| rest));
        let lines: Vec<&str> = text.lines().collect();
        let declared = lines.iter().enumerate().find_map(|(number, line)| {
            let plain = line.strip_prefix("pub ").unwrap_or(line) == format!("mod {file};");
            // Another file may stand in for it elsewhere, under the same name.
            let replaced = number > 0 && lines[number - 1].starts_with("#[path");
            if plain && !replaced {
                return Some(number);
            }
            (*line == by_path || *line == format!("#[path = \"{module}\"]")).then_some(number)
        });
        let number = declared.unwrap_or_else(|| panic!("src/{declared_in} declares no `{module}`"));
        assert_eq!(lines.get(number.wrapping_sub(1)), Some(gate), "src/{declared_in}, line {number}");
    }
}

#[test]
fn the_scanner_tells_a_name_from_one_that_ends_so() {
    assert!(names("use nix::poll::poll;", "nix::") && names("(nix::libc::O)", "nix::"));
    assert!(!names("use phoenix::poll;", "nix::") && !names("std::unix::fs", "unix::"));
    assert_eq!(gates("localnet/yagna/line.rs"), [LINUX]);
    assert!(gates("localnet/market/glm.rs").is_empty() && gates("exec/guardian.rs").is_empty());
}
