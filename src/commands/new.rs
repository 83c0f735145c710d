//! `golem-outbound new`: ask, make, say what to type next.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use console::Term;
use dialoguer::{Input, Select};

use crate::error::{Error, ErrorKind, Result};
use crate::scaffold::{self, Answers, Placeholder};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the project and of its new folder, which is made in the current one.
    name: String,
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
    let mut answers = Answers::default();
    let mut defined = Vec::new();
    for definition in &args.define {
        defined.push(answers.define(definition)?);
    }
    let terminal = Term::stderr();
    if !args.yes && !args.plan && terminal.is_term() && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        for placeholder in scaffold::placeholders() {
            if !defined.contains(&placeholder.name.as_str()) {
                answers.set(&placeholder.name, &ask(placeholder, &terminal)?)?;
            }
        }
    }
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

fn ask(placeholder: &Placeholder, terminal: &Term) -> Result<String> {
    let gone = |cause: dialoguer::Error| {
        Error::new(ErrorKind::Interrupted, format!("failed to ask for `{}`: {cause}", placeholder.name))
            .hint("without questions: `golem-outbound new NAME --yes`")
    };
    if !placeholder.choices.is_empty() {
        let default = placeholder.choices.iter().position(|choice| *choice == placeholder.default);
        let chosen = Select::new()
            .with_prompt(&placeholder.prompt)
            .items(&placeholder.choices)
            .default(default.unwrap_or(0))
            .interact_on(terminal)
            .map_err(gone)?;
        return Ok(placeholder.choices[chosen].clone());
    }
    Input::<String>::new()
        .with_prompt(&placeholder.prompt)
        .default(placeholder.default.clone())
        .validate_with(|value: &String| {
            placeholder.check(value).map_err(|error| error.hints().first().cloned().unwrap_or_default())
        })
        .interact_text_on(terminal)
        .map_err(gone)
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
