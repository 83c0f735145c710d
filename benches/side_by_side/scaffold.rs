//! Making a project of 12, 120 and 1,200 files of one kilobyte with two placeholders each, from a template on the disk.
//!
//! Each scaffolder has the same files in its own syntax. What it makes is compared byte for byte before it is timed; other
//! output is no row with a time. No Git, no hooks, no network; starting the program counts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::PROGRAM;
use crate::clock::{Times, number, run};
use crate::peers::Peers;
use crate::table::{goal, table};

const SIZES: [usize; 3] = [12, 120, 1200];
const OWNER: &str = "Ada Lovelace";
const EMAIL: &str = "ada@example.org";
/// How each writes the value of a placeholder.
const MARK: &str = "@@";

/// A scaffolder: where its template's files are and what else its template needs.
struct Scaffolder {
    name: &'static str,
    /// What stands around a placeholder's name.
    quotes: (&'static str, &'static str),
    /// The folder of the files in the template.
    below: &'static str,
    /// The ending of files that are filled.
    ending: &'static str,
    /// Its own file.
    config: (&'static str, &'static str),
    command: fn(&Path, &Path, &Path) -> Command,
}

const SCAFFOLDERS: [Scaffolder; 6] = [
    Scaffolder {
        name: "golem-outbound",
        quotes: ("{{ ", " }}"),
        below: "",
        ending: "",
        config: (
            "cargo-generate.toml",
            "[placeholders.owner]\nprompt = 'Owner'\ndefault = 'x'\n[placeholders.email]\nprompt = 'Email'\ndefault = 'x'\n",
        ),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.args(["new", "bench", "--yes", "--template"]).arg(template).current_dir(into);
            command.args([defined("--define", "owner", OWNER), defined("--define", "email", EMAIL)].concat());
            command
        },
    },
    Scaffolder {
        name: "cargo-generate",
        quotes: ("{{ ", " }}"),
        below: "",
        ending: "",
        config: (
            "cargo-generate.toml",
            "[placeholders.owner]\ntype = 'string'\nprompt = 'Owner'\n[placeholders.email]\ntype = 'string'\nprompt = 'Email'\n",
        ),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.args([
                "generate",
                "--name",
                "bench",
                "--silent",
                "--continue-on-error",
                "--quiet",
                "--vcs",
                "none",
                "--no-fmt",
            ]);
            command.args(["--no-workspace", "--path"]).arg(template).arg("--destination").arg(into);
            command.args([defined("--define", "owner", OWNER), defined("--define", "email", EMAIL)].concat());
            command.env("USER", "nobody");
            command
        },
    },
    Scaffolder {
        name: "cookiecutter",
        quotes: ("{{ cookiecutter.", " }}"),
        below: "{{ cookiecutter.project }}",
        ending: "",
        config: ("cookiecutter.json", "{\"project\": \"bench\", \"owner\": \"x\", \"email\": \"x\"}\n"),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.args(["--no-input", "--output-dir"]).arg(into).arg(template);
            command.args([format!("owner={OWNER}"), format!("email={EMAIL}")]);
            command
        },
    },
    Scaffolder {
        name: "copier",
        quotes: ("{{ ", " }}"),
        below: "",
        ending: "",
        config: ("copier.yml", "_templates_suffix: \"\"\nowner:\n  type: str\nemail:\n  type: str\n"),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.args(["copy", "--quiet", "--defaults"]);
            command.args([defined("--data", "owner", OWNER), defined("--data", "email", EMAIL)].concat());
            command.arg(template).arg(into.join("bench"));
            command
        },
    },
    Scaffolder {
        name: "kickstart",
        quotes: ("{{ ", " }}"),
        below: "",
        ending: "",
        config: (
            "template.toml",
            "name = 'bench'\nkickstart_version = 1\n[[variables]]\nname = 'owner'\ndefault = 'Ada Lovelace'\nprompt = 'Owner'\n\
             [[variables]]\nname = 'email'\ndefault = 'ada@example.org'\nprompt = 'Email'\n",
        ),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.arg("--no-input").arg("--output-dir").arg(into.join("bench")).arg(template);
            command
        },
    },
    Scaffolder {
        name: "ffizer",
        quotes: ("{{ ", " }}"),
        below: "",
        ending: ".ffizer.hbs",
        config: (".ffizer.yaml", "variables:\n  - name: owner\n  - name: email\n"),
        command: |program, template, into| {
            let mut command = Command::new(program);
            command.args(["apply", "--no-interaction", "--confirm", "never", "--offline", "--source"]);
            command.arg(template).arg("--destination").arg(into.join("bench"));
            command.args(
                [defined("--variables", "owner", OWNER), defined("--variables", "email", EMAIL)].concat(),
            );
            command
        },
    },
];

fn defined(option: &str, name: &str, value: &str) -> [String; 2] {
    [option.to_owned(), format!("{name}={value}")]
}

/// The files of a project with `count` files; what is to be filled stands between marks.
fn files(count: usize) -> Vec<(PathBuf, String)> {
    let filler: String =
        (0..12).map(|line| format!("# {line:02} {}\n", "lorem ipsum ".repeat(6).trim_end())).collect();
    let file = |number: usize| {
        let path = match number {
            // The file that makes a folder a project of ours.
            0 => PathBuf::from("golem-outbound.yaml"),
            _ => PathBuf::from(format!("folder{:03}/file{number:04}.txt", number / 10)),
        };
        let head = "format: 1\nproject: bench\nanswers: {}\n";
        (path, format!("{head}# {number}: {MARK}owner{MARK}\n# {MARK}email{MARK}\n{filler}"))
    };
    (0..count).map(file).collect()
}

fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let owner = text.replace(&format!("{MARK}owner{MARK}"), &value("owner"));
    owner.replace(&format!("{MARK}email{MARK}"), &value("email"))
}

/// The three tables.
pub fn section(peers: &Peers, runs: usize) -> String {
    let mut text = "## Scaffolding\n\n".to_owned();
    for size in SIZES {
        let mut rows = Vec::new();
        let mut medians = Vec::new();
        for scaffolder in &SCAFFOLDERS {
            let measured =
                program(scaffolder, peers).and_then(|program| measure(scaffolder, &program, size, runs));
            if let Ok(times) = &measured {
                medians.push((scaffolder.name, times.median().as_secs_f64()));
            }
            rows.push((scaffolder.name, measured));
        }
        let ours = medians.first().map_or(f64::NAN, |(_, median)| *median);
        let row = |(name, measured): &(&str, Result<Times, String>)| match measured {
            Ok(times) => {
                let ratio = number(times.median().as_secs_f64() / ours);
                vec![(*name).to_owned(), times.words(), format!("{ratio} ×")]
            }
            Err(why) => vec![(*name).to_owned(), why.clone(), "–".into()],
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        let is_first = medians.iter().skip(1).all(|(_, median)| *median > ours) && ours.is_finite();
        text += &table(&[&format!("{size} files"), "time", "ratio"], &rows);
        text += &goal(&format!("the fastest at {size} files"), is_first);
    }
    text
}

fn program(scaffolder: &Scaffolder, peers: &Peers) -> Result<PathBuf, String> {
    if scaffolder.name == "golem-outbound" { Ok(PROGRAM.into()) } else { peers.program(scaffolder.name) }
}

fn measure(scaffolder: &Scaffolder, program: &Path, size: usize, runs: usize) -> Result<Times, String> {
    let failed = |cause: std::io::Error| format!("failed: {cause}");
    let folder = TempDir::new().map_err(failed)?;
    let files = files(size);
    let template = folder.path().join("template");
    write_template(scaffolder, &template, &files).map_err(failed)?;
    let mut turn = 0;
    let mut once = || {
        turn += 1;
        let into = folder.path().join(format!("out{turn}"));
        fs::create_dir(&into).map_err(failed)?;
        let mut command = (scaffolder.command)(program, &template, &into);
        // What it keeps in a home folder stays here.
        command.env("HOME", folder.path()).env("NO_COLOR", "1");
        let said = folder.path().join("said");
        let run = run(&mut command, &said).map_err(failed)?;
        if !run.ok {
            return Err(format!("failed: {}", last_line(&said)));
        }
        let made = verified(&into.join("bench"), &files);
        fs::remove_dir_all(&into).map_err(failed)?;
        made.map(|()| run.elapsed)
    };
    // The first run is for what is compiled and cached once.
    once()?;
    Times::of(runs, once)
}

fn write_template(
    scaffolder: &Scaffolder,
    template: &Path,
    files: &[(PathBuf, String)],
) -> std::io::Result<()> {
    let (before, behind) = scaffolder.quotes;
    for (path, text) in files {
        let path = template.join(scaffolder.below).join(format!("{}{}", path.display(), scaffolder.ending));
        fs::create_dir_all(path.parent().unwrap_or(template))?;
        fs::write(path, filled(text, |name| format!("{before}{name}{behind}")))?;
    }
    fs::write(template.join(scaffolder.config.0), scaffolder.config.1)
}

/// Whether every file is there as it should be, and no other one.
fn verified(made: &Path, files: &[(PathBuf, String)]) -> Result<(), String> {
    for (path, text) in files {
        let expected = filled(text, |name| if name == "owner" { OWNER.into() } else { EMAIL.into() });
        match fs::read_to_string(made.join(path)) {
            Ok(found) if found == expected => {}
            Ok(_) => return Err(format!("disqualified: `{}` differs", path.display())),
            Err(cause) => return Err(format!("disqualified: `{}`: {cause}", path.display())),
        }
    }
    let count = count(made);
    if count == files.len() { Ok(()) } else { Err(format!("disqualified: {count} files")) }
}

/// The files of a project. ffizer keeps its answers beside them, which is no other job.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.file_name() != ".ffizer");
    entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
}

/// What somebody said last, as a cell of a table.
pub fn last_line(said: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(said).unwrap_or_default()).into_owned();
    let text = console::strip_ansi_codes(&text).into_owned();
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    last.chars().take(100).collect::<String>().replace('|', "/")
}
