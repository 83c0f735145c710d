//! One file per subcommand: parse, call, print.
//!
//! May import everything but `cli`. Invariant: data goes to stdout, narration to stderr.

pub mod add;
pub mod check;
pub mod demo;
pub mod doctor;
pub mod environment;
pub mod explain;
mod format;
#[cfg(target_os = "linux")]
pub mod guard;
pub mod hint;
#[cfg(target_os = "linux")]
pub mod localnet;
#[cfg(not(target_os = "linux"))]
#[path = "localnet_elsewhere.rs"]
pub mod localnet;
#[cfg(target_os = "linux")]
pub mod localnet_process;
pub mod localnet_record;
#[cfg(target_os = "linux")]
mod localnet_status;
pub mod new;
mod paragraph;
pub mod report;
pub mod reset;
pub mod run;
pub mod status;
pub mod support;
mod trust;
pub mod tutorial;
mod update;
mod walk;
#[cfg(unix)]
pub mod watchdog;
pub mod whitelist;

use crate::error::Error;
use crate::exec::narrate;

/// From now on the process ends quietly when whoever reads its output has gone, as `head` has after ten lines.
#[cfg(unix)]
pub fn end_with_the_reader() {
    use nix::sys::signal::{SigHandler, Signal, signal};

    // SAFETY: the default action is no handler of ours, and no other thread runs yet. It cannot fail for SIGPIPE.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

/// Where there is no such signal, a reader that has gone is an error like any other.
#[cfg(not(unix))]
pub fn end_with_the_reader() {}

/// Prints an error as people read it: `error: …`, then each hint after an empty line. On a terminal the lines are
/// broken to fit; elsewhere they stay whole, for those who search them.
pub fn print_error(error: &Error) {
    narrate(&error_text(error, paragraph::error_width()));
}

/// Prints what is worth knowing and no error: `note: …`, `warning: …`. The first line is broken to fit a terminal.
fn print_labelled(label: &str, text: &str) {
    narrate(&labelled(&format!("{label}: "), text, paragraph::error_width()));
}

fn error_text(error: &Error, width: Option<usize>) -> String {
    let style = console::Style::new().for_stderr();
    let label = |style: console::Style, word: &str| format!("{}: ", style.apply_to(word));
    let mut text = labelled(&label(style.clone().red().bold(), "error"), error.message(), width);
    if !error.hints().is_empty() {
        text.push('\n');
    }
    for hint in error.hints() {
        text += &labelled(&label(style.clone().cyan(), "hint"), hint, width);
    }
    text
}

/// The first line is a sentence of ours and is broken to fit; the lines below it quote a source or a program.
fn labelled(label: &str, text: &str, width: Option<usize>) -> String {
    let (sentence, quoted) = text.split_once('\n').unwrap_or((text, ""));
    let mut filled = match width {
        Some(width) => paragraph::fill(label, "  ", sentence, width),
        None => format!("{label}{sentence}\n"),
    };
    for line in quoted.lines() {
        filled += line;
        filled.push('\n');
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_fits_a_narrow_terminal_and_its_command_can_be_copied() {
        let error =
            Error::usage("failed to find a localnet at `/some/folder`: none runs there\n1 | quoted as it is")
                .hint("start it: `golem-outbound localnet up --foreground`");
        assert_eq!(
            error_text(&error, Some(30)),
            "error: failed to find a\n  localnet at `/some/folder`:\n  none runs there\n1 | quoted as it is\n\n\
             hint: start it:\n  `golem-outbound localnet up --foreground`\n"
        );
        assert!(
            error_text(&error, None).starts_with("error: failed to find a localnet at `/some/folder`: none")
        );
    }
}
