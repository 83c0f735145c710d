//! The questions of a walk, for keys and for words.
//!
//! May import `event`, `exec`. Invariant: a line that was typed before a question was asked never answers it by itself;
//! it is shown, and Enter takes it.

use std::collections::VecDeque;

use super::Signals;
use super::guide::{Answer, Guide, Moment, Question};
use super::keyboard::Keyboard;
use crate::event::{Event, Sink};
use crate::exec::narrate;

/// Asks on the terminal.
pub struct Prompt {
    signals: Signals,
    keyboard: Keyboard,
    plain: bool,
    kept: VecDeque<String>,
}

impl Prompt {
    /// A prompt that a signal ends; with `plain` in words for a screen reader.
    pub fn new(signals: Signals, plain: bool) -> Self {
        Self { keyboard: Keyboard::new(signals.clone()), signals, plain, kept: VecDeque::new() }
    }

    /// One line, in lower case; none when the terminal is gone or a signal arrived. What was typed before is no answer.
    pub fn line(&mut self, question: &str) -> Option<String> {
        for line in self.keyboard.typed_ahead() {
            narrate(&format!("`{line}` was typed before this question; it is no answer to it\n"));
        }
        self.answer(question)
    }

    fn answer(&mut self, question: &str) -> Option<String> {
        // A question that cannot be shown is answered by the end of the input.
        narrate(question);
        let line = self.keyboard.line();
        if line.is_none() {
            narrate("\n");
        }
        line.map(|line| line.to_lowercase())
    }

    /// Shows what was typed while nobody asked, and keeps what could be an answer.
    fn look_ahead(&mut self, moment: Moment, sink: &mut dyn Sink) {
        let typed = self.keyboard.typed_ahead();
        for line in &typed {
            if line.is_empty() {
                continue;
            }
            if parsed(line, moment).is_some() {
                self.kept.push_back(line.clone());
            } else {
                say(sink, format!("you typed `{line}` before this question; it is no answer to it"));
            }
        }
        if !typed.is_empty() && typed.iter().all(String::is_empty) {
            say(sink, "Enter was pressed before this question; it is no answer to it");
        }
    }

    /// The question, and the answer that Enter takes.
    fn shown(&self, moment: Moment) -> String {
        if let Some(kept) = self.kept.front() {
            return format!("Enter takes `{kept}`, or answer anew: ");
        }
        match (moment, self.plain) {
            (Moment::Before, false) => "Run it? [R]un, [s]kip, [q]uit, [?]: ",
            (Moment::AfterFailure, false) => "Now? [a]gain [h]int [s]kip [q]uit [?]: ",
            (Moment::Before, true) => "Run this step? Type run, skip, quit, or help for more words: ",
            (Moment::AfterFailure, true) => {
                "What now? Type again, hint, skip, quit, or help for more words: "
            }
        }
        .to_owned()
    }

    fn tell_keys(&self, question: &Question<'_>, sink: &mut dyn Sink) {
        for (key, word, meaning) in keys(question) {
            if self.plain {
                say(sink, format!("{word}: {meaning}"));
            } else {
                say(sink, format!("{key}  {meaning}"));
            }
        }
    }
}

/// What an answer means; none if it is no answer. Letters and words, whichever is shown.
fn parsed(line: &str, moment: Moment) -> Option<Answer> {
    let line = line.to_lowercase();
    Some(match (line.as_str(), moment) {
        ("r" | "run" | "y" | "yes", _) => Answer::Run,
        ("a" | "again", Moment::AfterFailure) => Answer::Run,
        ("a" | "again", Moment::Before) => Answer::Again,
        ("s" | "skip", _) => Answer::Skip,
        ("b" | "back", _) => Answer::Back,
        ("h" | "hint", _) => Answer::Hint,
        ("c" | "command", _) => Answer::Show,
        ("x" | "shell", _) => Answer::Shell,
        ("q" | "quit", _) => Answer::Quit,
        _ => return None,
    })
}

/// The keys that have a meaning now, their words, and what they mean.
fn keys(question: &Question<'_>) -> Vec<(&'static str, &'static str, String)> {
    let mut keys = match question.moment {
        Moment::Before => vec![("r", "run", "run the step; so does Enter alone".to_owned())],
        Moment::AfterFailure => vec![("a", "again", "run it again; so does Enter alone".to_owned())],
    };
    keys.push(("s", "skip", "leave it out; what needs it is left out too".into()));
    if question.can_go_back {
        keys.push(("b", "back", "back to the step before".into()));
    }
    if let (Moment::Before, Some(last)) = (question.moment, question.last) {
        keys.push(("a", "again", format!("run `{last}` once more")));
    }
    if question.moment == Moment::AfterFailure {
        keys.push(("h", "hint", "the next hint".into()));
    }
    keys.push(("c", "command", "what the step runs, waits for and checks".into()));
    keys.push(("x", "shell", "a shell where its command runs; `exit` leaves it".into()));
    keys.push(("q", "quit", "end the walk; what was started is taken down".into()));
    keys.push(("?", "help", "this list".into()));
    keys
}

fn say(sink: &mut dyn Sink, text: impl Into<String>) {
    sink.event(&Event::Narrated(text.into()));
}

impl Guide for Prompt {
    fn ask(&mut self, question: &Question<'_>, sink: &mut dyn Sink) -> Answer {
        self.look_ahead(question.moment, sink);
        loop {
            let shown = self.shown(question.moment);
            let Some(line) = self.answer(&shown) else {
                return if self.signals.take() { Answer::Interrupted } else { Answer::Quit };
            };
            // What was kept is offered once; it was seen.
            let line = match self.kept.pop_front() {
                Some(kept) if line.is_empty() => kept,
                Some(_) if !line.is_empty() => {
                    self.kept.clear();
                    line
                }
                _ => line,
            };
            match parsed(&line, question.moment) {
                Some(Answer::Back) if !question.can_go_back => say(sink, "no step lies before this one"),
                Some(Answer::Again) if question.last.is_none() => say(sink, "no step has been run yet"),
                Some(answer) => return answer,
                None if line.is_empty() => return Answer::Run,
                None if ["?", "help"].contains(&line.as_str()) => self.tell_keys(question, sink),
                None => say(sink, format!("`{line}` is no answer here; `?` shows those that are")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_listed_is_understood_as_letter_and_as_word() {
        for moment in [Moment::Before, Moment::AfterFailure] {
            for (key, word) in [
                ("r", "run"),
                ("a", "again"),
                ("s", "skip"),
                ("b", "back"),
                ("h", "hint"),
                ("c", "command"),
                ("x", "shell"),
                ("q", "quit"),
            ] {
                assert!(
                    parsed(key, moment).is_some() && parsed(key, moment) == parsed(word, moment),
                    "{key}"
                );
            }
            assert_eq!(parsed("S", moment), Some(Answer::Skip));
            assert_eq!(parsed("", moment), None);
            assert_eq!(parsed("sk", moment), None);
        }
    }

    #[test]
    fn a_question_fits_forty_columns() {
        let prompt = Prompt::new(Signals::default(), false);
        for moment in [Moment::Before, Moment::AfterFailure] {
            assert!(prompt.shown(moment).len() <= 40, "{}", prompt.shown(moment));
        }
    }
}
