//! The walk as a readable scroll: prose, command, live output, verdicts, hints, summary.

use std::borrow::Cow;
use std::io::Write;

use super::prose::{continued, wrapped};
use super::signs;
use super::summary::{self, seconds};
use super::walk::{Walk, network_words};
use crate::event::{Event, Hint, Sink};
use crate::evidence::{Cause, Outcome, Verdict};

/// How to write for one terminal, or for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether a line can be written over, as on a terminal.
    pub overwrites: bool,
    /// For a screen reader: whole lines, and words instead of signs and columns.
    pub plain: bool,
    /// Whether our own words keep to ASCII.
    pub ascii: bool,
}

impl Style {
    /// What suits standard output: its width, and colours only on a terminal without `NO_COLOR`.
    pub fn of_stdout() -> Self {
        let terminal = console::Term::stdout();
        let width = terminal.size_checked().map_or(80, |(_, columns)| usize::from(columns));
        // A terminal that calls itself dumb, such as an editor's, has no cursor to move.
        let overwrites = terminal.is_term() && !is_dumb();
        let colour = console::colors_enabled() && overwrites;
        Self { width: width.clamp(20, 100), colour, overwrites, plain: false, ascii: signs::must_be_ascii() }
    }

    /// The same for a screen reader.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { colour: false, overwrites: false, plain: true, ascii: true, ..self }
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Writes events for people.
pub struct Terminal<W> {
    out: W,
    style: Style,
    walk: Walk,
    mid_line: bool,
    /// Columns of the line about passing time that stands there now.
    waiting: usize,
    /// Seconds of silence that were last told where nothing can be written over.
    told: u64,
    /// What was waited for when it was told.
    awaited: String,
    /// The step that was shown last; when it is shown again, its prose is known.
    shown: String,
    /// Whether the rest of a hint is shown by somebody else, when the reader asks for it.
    first_rung_only: bool,
}

/// Off a terminal, a silent command is mentioned this often.
const TELL_EVERY: u64 = 30;

impl<W: Write> Terminal<W> {
    /// Writes to `out`. A reader that goes away does not end the walk, whose teardown matters more.
    pub fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            walk: Walk::default(),
            mid_line: false,
            waiting: 0,
            told: 0,
            awaited: String::new(),
            shown: String::new(),
            first_rung_only: false,
        }
    }

    /// Shows only the first rung of each hint's ladder: for a reader who can ask for the next one.
    #[must_use]
    pub fn rung_by_rung(mut self) -> Self {
        self.first_rung_only = true;
        self
    }

    /// Shows that time passes, and for what: in place on a terminal, else every now and then on a line of its own.
    fn waited(&mut self, what: &str, elapsed: std::time::Duration) {
        let seconds = elapsed.as_secs();
        if self.awaited != what {
            what.clone_into(&mut self.awaited);
            self.told = 0;
        }
        if self.style.overwrites && !self.mid_line {
            let text = if what.is_empty() {
                format!("  ... {seconds} s")
            } else {
                format!("  ... {seconds} s, {what}")
            };
            // A line that wraps could not be written over.
            let text: String = text.chars().take(self.style.width.saturating_sub(1)).collect();
            let columns = text.chars().count();
            let _ = write!(self.out, "\r{text}{}", " ".repeat(self.waiting.saturating_sub(columns)));
            let _ = self.out.flush();
            self.waiting = self.waiting.max(columns);
        } else if !self.style.overwrites && seconds >= self.told + TELL_EVERY {
            self.told = seconds;
            match what {
                "" => self.line(&format!("- still running after {seconds} s")),
                _ => self.prose(&format!("- after {seconds} s still {what}")),
            }
        }
    }

    /// Takes away the line about passing time before anything else is written.
    fn settle(&mut self) {
        let columns = std::mem::take(&mut self.waiting);
        if columns > 0 {
            let _ = write!(self.out, "\r{}\r", " ".repeat(columns));
        }
    }

    fn line(&mut self, text: &str) {
        if std::mem::take(&mut self.mid_line) {
            let _ = writeln!(self.out);
        }
        let text = self.written(text);
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    /// The text in signs that the terminal knows; before it is wrapped, because they may be wider.
    fn written<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.style.ascii { signs::ascii(text) } else { text.into() }
    }

    fn prose(&mut self, text: &str) {
        let text = wrapped(&self.written(text), self.style.width);
        self.line(&text);
    }

    fn paint(&self, text: &str, style: console::Style) -> String {
        style.force_styling(self.style.colour).apply_to(text).to_string()
    }

    fn bold(&self, text: &str) -> String {
        self.paint(text, console::Style::new().bold())
    }

    fn output(&mut self, text: &str) {
        let text = if self.style.colour {
            text.to_owned()
        } else {
            console::strip_ansi_codes(text).replace('\r', "")
        };
        let _ = write!(self.out, "{text}");
        let _ = self.out.flush();
        self.mid_line = !text.ends_with('\n');
    }

    fn checked(&mut self, check: &str, verdict: &Verdict) {
        let green = self.paint("pass", console::Style::new().green());
        match verdict {
            Verdict::Pass => self.marked(&green, 4, check),
            Verdict::Fail { expected, found } => {
                let red = self.paint("FAIL", console::Style::new().red().bold());
                self.marked(&red, 4, check);
                self.marked("", 4, &format!("expected {expected}"));
                self.marked("", 4, &format!("found {found}"));
            }
            Verdict::Inconclusive { reason } => {
                let yellow = self.paint("????", console::Style::new().yellow());
                self.marked(&yellow, 4, check);
                self.marked("", 4, &format!("could not tell: {reason}"));
            }
        }
    }

    /// A short mark, then text wrapped beside it; in plain words before it.
    fn marked(&mut self, mark: &str, mark_width: usize, text: &str) {
        if self.style.plain {
            let word = match mark {
                "" => "",
                "pass" => "check passed: ",
                "FAIL" => "check failed: ",
                "????" => "check could not tell: ",
                _ => "hint: ",
            };
            return self.prose(&format!("{word}{text}"));
        }
        let width = self.style.width.saturating_sub(mark_width + 4).max(10);
        for (index, line) in wrapped(&self.written(text), width).lines().enumerate() {
            let mark = if index == 0 && !mark.is_empty() { mark.to_owned() } else { " ".repeat(mark_width) };
            self.line(&format!("  {mark}  {line}"));
        }
    }

    fn hinted(&mut self, hint: &Hint) {
        let mut mark = self.paint("hint", console::Style::new().cyan());
        let mut cause = format!("({}) ", cause_words(hint.cause));
        let shown = if self.first_rung_only { 1 } else { usize::MAX };
        for (_, text) in hint.rungs().into_iter().take(shown) {
            self.marked(&std::mem::take(&mut mark), 4, &format!("{}{text}", std::mem::take(&mut cause)));
        }
    }

    fn finished(&mut self, id: &str, outcome: Outcome, reason: &str, elapsed: std::time::Duration) {
        let style = match outcome {
            Outcome::Passed => console::Style::new().green().bold(),
            Outcome::Failed => console::Style::new().red().bold(),
            Outcome::Inconclusive => console::Style::new().yellow().bold(),
            Outcome::Skipped | Outcome::NotReached => console::Style::new().dim(),
        };
        let word = self.paint(outcome.word(), style);
        let ran = !matches!(outcome, Outcome::Skipped | Outcome::NotReached);
        let time = if ran { format!(" after {}", seconds(elapsed)) } else { String::new() };
        self.line(&format!("{id}: {word}{time}"));
        if !reason.is_empty() {
            self.marked("", 0, reason);
        }
    }
}

impl Terminal<Vec<u8>> {
    /// What was written since the last call.
    pub(super) fn take_written(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

/// Whose doing a failure is, for people.
pub(super) fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::You => "yours to mend",
        Cause::Project => "the project's files",
        Cause::Machine => "this machine",
        Cause::Network => "the network, not you",
        Cause::Whitelist => "the providers' whitelist",
        Cause::Provider => "a provider, not you",
        Cause::Upstream => "upstream, not you",
    }
}

impl<W: Write> Sink for Terminal<W> {
    fn event(&mut self, event: &Event) {
        // Times are not shown; those who make documents from a walk have its log.
        self.walk.take(event, std::time::Duration::ZERO);
        if let Event::Waited { what, elapsed } = event {
            return self.waited(what, *elapsed);
        }
        self.settle();
        match event {
            Event::WalkStarted { project, network, simulated, steps, .. } => {
                let title = format!(
                    "Internet access from Ray on Golem: {project}, {} steps on {}",
                    steps.len(),
                    network_words(network, *simulated)
                );
                let title = wrapped(&title, self.style.width);
                let title = self.bold(&title);
                self.line(&title);
            }
            Event::Narrated(text) => self.prose(&format!("- {text}")),
            Event::StepStarted { id, title, number, count, prose, command, .. } => {
                self.told = 0;
                let place = if self.style.plain {
                    format!("Step {number} of {count}: {title}")
                } else {
                    format!("[{number}/{count}] {title}")
                };
                let heading = self.bold(&wrapped(&self.written(&place), self.style.width));
                self.line("");
                self.line(&heading);
                self.line("");
                if self.shown != *id {
                    self.prose(prose);
                    self.line("");
                    self.shown.clone_from(id);
                }
                let command = if self.style.plain {
                    format!("Command: {command}")
                } else {
                    self.bold(&continued(command, self.style.width))
                };
                self.line(&command);
            }
            Event::Waited { .. } | Event::Versions(_) | Event::TriedAgain => {}
            Event::Output(text) => self.output(text),
            Event::Checked { check, verdict } => self.checked(check, verdict),
            Event::Hinted(hint) => self.hinted(hint),
            Event::StepFinished { id, outcome, reason, elapsed, .. } => {
                self.finished(id, *outcome, reason, *elapsed);
            }
            Event::TornDown { command, ok, elapsed } => {
                let how = if *ok { "done" } else { "FAILED; nodes may still be rented" };
                self.prose(&format!("- teardown `{command}`: {how}, {}", seconds(*elapsed)));
            }
            Event::WalkFinished { .. } => {
                let text = summary::text(&self.walk, self.style.width);
                self.line("");
                self.line(&text);
            }
        }
    }
}

#[cfg(test)]
mod tests;
