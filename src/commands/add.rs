//! `golem-outbound add`: a file of one's own entered in the project, after a look at it.
//!
//! Invariant: everything is decided before anything is written, and then both files are written or neither.

mod candidate;
mod files;
mod judge;
mod size;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use similar::TextDiff;

use super::paragraph::{error_width, fill};
use super::whitelist;
use crate::cluster::edit::{Declared, declare};
use crate::content::downloads::Downloads;
use crate::content::fetch::{Fetched, Limits, fetch};
use crate::content::sample;
use crate::diagnostic::as_error;
use crate::error::{Error, ErrorKind, Result};
use candidate::Candidate;
use files::{Change, Pair};
use judge::{Asked, Verdict};
use watch::Progress;

/// Arguments of `add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// URLs of files that the script shall download, as they were copied: share links are rewritten.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// The project's folder.
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// Show what would change in both files, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Enter them in spite of warnings.
    #[arg(short, long)]
    yes: bool,
    /// What the file's sha256 must be: 64 hexadecimal digits, as `sha256sum` prints them.
    #[arg(long, value_name = "HEX", value_parser = candidate::sha256, conflicts_with = "unpinned")]
    sha256: Option<String>,
    /// Enter them without a pin, so that the script takes whatever arrives.
    #[arg(long)]
    unpinned: bool,
    /// Do not fetch them.
    #[arg(long)]
    no_fetch: bool,
    /// The largest file to fetch: a number with B, kB, MB or GB behind it.
    #[arg(long, value_name = "SIZE", default_value = "100MB", value_parser = size::parse)]
    max_size: u64,
    /// Put them in the place of the template's sample, which only the localnet has.
    #[arg(long)]
    replace_sample: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.sha256.is_some() && args.urls.len() > 1 {
        return Err(Error::usage("`--sha256` is the hash of one file, and several URLs were given")
            .hint("enter them one after another"));
    }
    let pair = Pair::read(&args.project)?;
    let list = downloads(&pair)?;
    let Some(candidates) = candidates(&args.urls) else { return Ok(ExitCode::from(2)) };
    let verdicts = judged(&args, &candidates, &list);
    if let Some(worst) = worst(&verdicts) {
        eprintln!("nothing was written");
        return Ok(ExitCode::from(worst.exit_code()));
    }
    let entries: Vec<String> = verdicts.iter().filter_map(|verdict| verdict.entry.clone()).collect();
    let urls: Vec<_> = candidates.iter().map(|candidate| candidate.url.clone()).collect();
    let declared = declare(&pair.cluster.text, &urls)?;
    let changes = [
        Change { file: &pair.cluster, text: declared.text.clone() },
        Change { file: &pair.script, text: list.with(&entries, args.replace_sample) },
    ];
    if changes.iter().all(Change::is_none) {
        eprintln!("already there: nothing to change");
        return Ok(ExitCode::SUCCESS);
    }
    if args.dry_run {
        print!("{}", changes.iter().map(difference).collect::<String>());
        return Ok(ExitCode::SUCCESS);
    }
    consent(args.yes, verdicts.iter().map(|verdict| verdict.concerns.len()).sum())?;
    files::write(&changes)?;
    say_what_was_done(&args.project, &entries, &list, &declared, &changes);
    note_sample(&args, &list, &candidates);
    Ok(ExitCode::SUCCESS)
}

fn downloads(pair: &Pair) -> Result<Downloads<'_>> {
    Downloads::find(&pair.script.text).map_err(|finding| {
        let name = pair.script.path.display().to_string();
        let unusable = Error::usage(format!("failed to read the list of downloads in `{name}`"));
        as_error(&name, &pair.script.text, &[*finding]).unwrap_or(unusable)
    })
}

/// All URLs, read and rewritten; `None` if one of them cannot work, after all that cannot were named.
fn candidates(texts: &[String]) -> Option<Vec<Candidate>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut unusable = false;
    for text in texts {
        match candidate::read(text) {
            Ok(candidate) if candidates.iter().any(|other| other.url == candidate.url) => {}
            Ok(candidate) => candidates.push(candidate),
            Err(error) => {
                super::print_error(&error);
                unusable = true;
            }
        }
    }
    (!unusable).then_some(candidates)
}

/// Looks at every URL and tells what it sees.
fn judged(args: &Args, candidates: &[Candidate], list: &Downloads<'_>) -> Vec<Verdict> {
    let (whitelist, origin) = whitelist::in_force();
    let mut verdicts = Vec::new();
    for candidate in candidates {
        tell("", candidate.url.as_str());
        if let Some(why) = &candidate.rewritten {
            tell("  ", &format!("rewritten from {}: {why}", candidate.given));
        }
        let fetched = (!args.no_fetch).then(|| look(candidate, args.max_size));
        let pin = args.sha256.as_deref().or(candidate.pin.as_deref());
        let asked = Asked { pin, unpinned: args.unpinned, max_size: args.max_size };
        let mut verdict =
            judge::judge(&candidate.url, list.entry(candidate.url.as_str()), fetched, &asked, &whitelist);
        verdict.concerns.extend(judge::not_whitelisted(&candidate.url, &whitelist, &origin));
        for note in &verdict.notes {
            tell("  ", note);
        }
        for concern in &verdict.concerns {
            tell("  warning: ", concern);
        }
        if let Some(failure) = &verdict.failure {
            super::print_error(failure);
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn look(candidate: &Candidate, max_size: u64) -> Fetched {
    let mut progress = Progress::new();
    let fetched = fetch(&candidate.url, &Limits::of_size(max_size), &mut progress);
    progress.finish();
    fetched
}

/// What cannot be used weighs more than what failed, and that more than what could not be told.
fn worst(verdicts: &[Verdict]) -> Option<ErrorKind> {
    let kinds: Vec<ErrorKind> =
        verdicts.iter().filter_map(|verdict| verdict.failure.as_ref()).map(Error::kind).collect();
    let order = [ErrorKind::Usage, ErrorKind::Failed];
    order.into_iter().find(|kind| kinds.contains(kind)).or_else(|| kinds.first().copied())
}

fn difference(change: &Change<'_>) -> String {
    let name = change.file.path.display().to_string();
    let diff = TextDiff::from_lines(change.file.text.as_str(), change.text.as_str());
    diff.unified_diff().header(&name, &name).to_string()
}

fn consent(yes: bool, concerns: usize) -> Result<()> {
    if concerns == 0 || yes {
        return Ok(());
    }
    let refused = || {
        Error::new(ErrorKind::Failed, "nothing was written, because of the warnings above")
            .hint("to enter it all the same, type the command again with `--yes`")
    };
    if !console::Term::stderr().is_term() || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(refused());
    }
    let asked = dialoguer::Confirm::new().with_prompt("Enter it all the same?").default(false).interact();
    match asked {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused()),
        Err(error) => Err(Error::new(ErrorKind::Interrupted, format!("nothing was written: {error}"))),
    }
}

/// What was entered goes to stdout, the rest is narration.
fn say_what_was_done(
    project: &Path,
    entries: &[String],
    list: &Downloads<'_>,
    declared: &Declared,
    changes: &[Change<'_>; 2],
) {
    let [cluster, script] = changes;
    let new: Vec<&String> = entries.iter().filter(|entry| !list.urls().contains(entry)).collect();
    for entry in &new {
        println!("{entry}");
    }
    if !script.is_none() {
        let what = match new.len() {
            0 => "the sample was taken out".to_owned(),
            1 => "1 download was entered".to_owned(),
            count => format!("{count} downloads were entered"),
        };
        tell("", &format!("{}: {what}", script.file.path.display()));
    }
    let go =
        if project == Path::new(".") { String::new() } else { format!("    cd {}\n", project.display()) };
    if cluster.is_none() {
        tell("", "`outbound_urls` needs no change, so a cluster that is up can stay up:");
        eprintln!("{go}    ray submit golem-cluster.yaml simple-outbound.py");
        return;
    }
    let added: Vec<String> = declared.added.iter().map(|origin| format!("`{origin}`")).collect();
    tell(
        "",
        &format!("{}: {} was entered in `outbound_urls`", cluster.file.path.display(), added.join(", ")),
    );
    tell("", "A cluster that is up does not see this: it must be taken down and up again.");
    eprintln!("{go}    ray down golem-cluster.yaml --yes\n    ray up golem-cluster.yaml --yes");
}

fn note_sample(args: &Args, list: &Downloads<'_>, candidates: &[Candidate]) {
    let dropbox = candidates.iter().find(|candidate| candidate.url.host_str() == Some(sample::HOST));
    match dropbox {
        _ if args.replace_sample && !list.has_sample() => tell("note: ", "the list had no sample any more"),
        Some(candidate) if !args.replace_sample && list.has_sample() => {
            let command = sample::replace_with(candidate.url.as_str());
            tell("note: ", &format!("the sample is still in the list; to take it out: `{command}`"));
        }
        _ => {}
    }
}

/// A sentence on stderr, broken to fit on a terminal.
fn tell(first: &str, text: &str) {
    let rest = if first.is_empty() { "" } else { "    " };
    eprint!("{}", fill(first, rest, text, error_width().unwrap_or(usize::MAX)));
}
