//! One file per subcommand: parse, call, print.
//!
//! May import everything but `cli`. Invariant: data goes to stdout, narration to stderr.

pub mod check;
pub mod demo;
pub mod doctor;
pub mod environment;
pub mod explain;
pub mod guard;
pub mod localnet;
pub mod localnet_process;
pub mod new;
mod paragraph;
pub mod run;
mod walk;

use crate::error::Error;

/// Prints an error as people read it: `error: …`, then each hint after an empty line.
pub fn print_error(error: &Error) {
    let style = console::Style::new().for_stderr();
    eprintln!("{}: {}", style.clone().red().bold().apply_to("error"), error.message());
    if !error.hints().is_empty() {
        eprintln!();
    }
    for hint in error.hints() {
        eprintln!("{}: {hint}", style.clone().cyan().apply_to("hint"));
    }
}
