//! `golem-outbound new`: ask, make, say what to type next.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::paragraph::{error_width, fill};
use crate::error::{Error, ErrorKind, Result};
use crate::scaffold::{self, Answers, Placeholder, Template};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the project and of its new folder, which is made in the current one.
    name: String,
    /// Make the project from the template in this folder instead of the built-in one.
    #[arg(short, long, value_name = "DIR")]
    template: Option<PathBuf>,
    /// Set a value of the template instead of being asked for it; see `--plan` for the names.
    #[arg(short, long, value_name = "NAME=VALUE")]
    define: Vec<String>,
    /// Take the default for every value that is not defined.
    #[arg(short, long)]
    yes: bool,
    /// Print the values and the files that would be made, and make nothing.
    #[arg(long)]
    plan: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let target = target(&args.name)?;
    let mut answers = match &args.template {
        Some(folder) => Answers::of(Arc::new(Template::read(folder)?)),
        None => Answers::default(),
    };
    let mut given = Vec::new();
    for definition in &args.define {
        let (name, value) = answers.define(definition)?;
        given.push((name.to_owned(), value.to_owned()));
    }
    if !args.yes && !args.plan && console::user_attended() && console::user_attended_stderr() {
        ask_for_the_rest(&mut answers, &mut given)?;
    }
    say_rewritten(&given)?;
    if args.plan {
        return plan(&args.name, &answers);
    }
    let project = scaffold::new_project(&target, &answers)?;
    println!("{}", project.root().display());
    eprintln!("The project `{}` is ready. Next:\n\n    cd {}\n    golem-outbound run", args.name, args.name);
    Ok(ExitCode::SUCCESS)
}

/// The folder of a new project: a name alone, because a path with `..` or `/` in it would hide where the project goes.
fn target(name: &str) -> Result<PathBuf> {
    let target = Path::new(name);
    scaffold::check_name(name)?;
    scaffold::check_target(target)?;
    Ok(target.to_owned())
}

/// Asks for every value that is not given already.
fn ask_for_the_rest(answers: &mut Answers, given: &mut Vec<(String, String)>) -> Result<()> {
    eprint!(
        "{}",
        fill("", "", "Enter takes the value in brackets; Ctrl-C ends, and makes nothing.", columns())
    );
    let template = Arc::clone(answers.template());
    for placeholder in template.placeholders() {
        if given.iter().any(|(name, _)| *name == placeholder.name) {
            continue;
        }
        let value = ask(placeholder)?;
        answers.set(&placeholder.name, &value)?;
        given.push((placeholder.name.clone(), value));
    }
    Ok(())
}

/// Asks until the answer is a value. The terminal edits the line itself, because links are longer than it is wide.
fn ask(placeholder: &Placeholder) -> Result<String> {
    eprint!("\n{}", fill("", "", &placeholder.question(), columns()));
    loop {
        eprint!("{} [{}]: ", console::style(&placeholder.name).for_stderr().bold(), placeholder.default);
        let mut line = Vec::new();
        let read = std::io::stdin().lock().read_until(b'\n', &mut line);
        if !matches!(read, Ok(count) if count > 0) {
            eprintln!();
            let message = format!("failed to ask for `{}`: the input has ended", placeholder.name);
            return Err(Error::new(ErrorKind::Interrupted, message)
                .hint("without questions: `golem-outbound new NAME --yes`"));
        }
        let line = String::from_utf8_lossy(&line);
        let value = if line.trim().is_empty() { &placeholder.default } else { line.trim() };
        match placeholder.check(value) {
            Ok(_) => return Ok(value.to_owned()),
            Err(error) => {
                let reason = error.hints().first().cloned().unwrap_or_default();
                eprint!("{}", fill("", "  ", &format!("{}: {reason}", error.message()), columns()));
            }
        }
    }
}

/// Says which links the project holds in another form than they were given in.
fn say_rewritten(given: &[(String, String)]) -> Result<()> {
    for (name, value) in given {
        for link in scaffold::rewritten(name, value)?.1 {
            let text = format!("`{}` becomes `{}`: {}", link.from, link.to, link.why);
            eprint!("{}", fill("note: ", "  ", &text, columns()));
        }
    }
    Ok(())
}

/// Lines stay whole where standard error is no terminal.
fn columns() -> usize {
    error_width().unwrap_or(usize::MAX)
}

fn plan(name: &str, answers: &Answers) -> Result<ExitCode> {
    println!("Values:");
    for (name, value) in answers.iter() {
        println!("  {name}={value}");
    }
    println!("Files:");
    for (path, content) in scaffold::preview(name, answers)? {
        println!("  {name}/{} ({} bytes)", path.display(), content.len());
    }
    Ok(ExitCode::SUCCESS)
}
