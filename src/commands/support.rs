//! `golem-outbound support`: one file with all that helps others to help, without secrets. Nothing is sent.

mod contents;
mod redaction;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::contents::{Section, sections};
use crate::error::{Error, Result};
use crate::exec::marker;
use crate::localnet::find_project;

/// Arguments of `support`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write it instead of the project's `.golem-outbound/support.md`.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs it: the file's path goes to stdout, what it holds to stderr.
pub fn run(args: Args) -> Result<ExitCode> {
    let here = std::env::current_dir().map_err(|error| Error::io("read", "the working directory", error))?;
    let project = find_project(&here);
    let path = match (args.output, &project) {
        (Some(path), _) => path,
        (None, Some(project)) => marker::private(project)?.join("support.md"),
        (None, None) => here.join("golem-outbound-support.md"),
    };
    let sections = sections(project.as_deref().unwrap_or(&here));
    write(&path, &page(&sections))?;
    eprintln!("written, for you alone to read; look at it before you give it to anybody. It holds:");
    for section in &sections {
        eprintln!("- {} ({} lines)", section.title, section.text.lines().count());
    }
    eprintln!(
        "App-keys, private keys, tokens and the keys of Dropbox links have been taken out. Nothing was sent."
    );
    println!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn page(sections: &[Section]) -> String {
    let mut page = String::from("# golem-outbound support\n");
    for Section { title, text } in sections {
        let fence = fence_around(text);
        page += &format!("\n## {title}\n\n{fence}text\n{}\n{fence}\n", text.trim_end());
    }
    page
}

/// Longer than any row of backticks inside.
fn fence_around(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Writes a file that only its owner may read, whole or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let failed = |error| Error::io("write", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is private from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_can_be_pasted_whatever_it_quotes() {
        let section = |text: &str| Section { title: "T".into(), text: text.into() };
        assert_eq!(
            page(&[section("a\n"), section("```\nb\n```")]),
            "# golem-outbound support\n\n## T\n\n```text\na\n```\n\n## T\n\n````text\n```\nb\n```\n````\n"
        );
    }
}
