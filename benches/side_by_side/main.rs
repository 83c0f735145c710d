//! This program beside its peers: scaffolders, runners of executable tutorials, ways to verify an output.
//!
//! `cargo bench --bench side_by_side -- [scaffold] [steps] [stream] [interrupt] [verify] [--runs N] [--peers DIR] [--write FILE]`:
//! every subject if none is named. The peers are installed into `target/peers` the first time, which takes a quarter of an
//! hour; one that cannot be installed stands in the tables with the reason. Prints Markdown, or writes the sections of these
//! subjects into a page; `docs/benchmarks.md` says what is compared with what. It measures, and asserts nothing but that every tool did the same job.

mod clock;
mod interrupt;
mod peers;
mod scaffold;
mod steps;
mod stream;
mod table;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use peers::Peers;

/// This program, built as the benchmark is.
const PROGRAM: &str = env!("CARGO_BIN_EXE_golem-outbound");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What is measured, and with what.
struct Request {
    subjects: Vec<String>,
    runs: usize,
    peers: PathBuf,
    write: Option<PathBuf>,
}

/// A subject: its name, and what makes its section from the number of runs.
type Subject = (&'static str, fn(&Peers, usize) -> String);

const SUBJECTS: [Subject; 5] = [
    ("scaffold", scaffold::section),
    ("steps", steps::section),
    ("stream", stream::section),
    ("interrupt", interrupt::section),
    ("verify", verify::section),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == stream::STAMP) {
        return stream::stamp();
    }
    let request = match Request::read(&arguments) {
        Ok(request) => request,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    let peers = Peers::install(&request.peers, &request.subjects);
    let mut sections = Vec::new();
    for (name, section) in SUBJECTS {
        if request.subjects.iter().any(|subject| subject == name) {
            eprintln!("measuring: {name}");
            let preamble = table::preamble(request.runs);
            let measured = section(&peers, request.runs);
            let (heading, tables) = measured.split_once("\n\n").unwrap_or((&measured, ""));
            let section = format!("{heading}\n\n{preamble}{tables}{}", peers.versions(name));
            print!("{section}");
            sections.push(section);
        }
    }
    match request.write {
        Some(path) => table::write(&path, &sections),
        None => ExitCode::SUCCESS,
    }
}

impl Request {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut request = Self {
            subjects: Vec::new(),
            runs: 7,
            peers: PathBuf::from(ROOT).join("target/peers"),
            write: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--runs" => {
                    request.runs = value()?.parse().map_err(|_| "`--runs` takes a number".to_owned())?;
                }
                "--peers" => request.peers = value()?.into(),
                "--write" => request.write = Some(value()?.into()),
                name if SUBJECTS.iter().any(|(known, _)| *known == name) => {
                    request.subjects.push(name.to_owned());
                }
                other => return Err(format!("`{other}` is no subject and no option")),
            }
        }
        if request.subjects.is_empty() {
            request.subjects = SUBJECTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        }
        Ok(request)
    }
}
