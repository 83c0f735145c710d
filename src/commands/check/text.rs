//! The findings for people: sentences broken to fit the terminal, the source quoted, a count at the end.
//!
//! May import `diagnostic` and its siblings. Invariant: off a terminal there are neither colours nor lines that depend
//! on the machine.

use console::Style;

use super::Report;
use crate::commands::paragraph::{columns_of, fill, fill_finding};
use crate::diagnostic::{Diagnostic, Severity};

/// More files than these are counted, not listed.
const MOST_FILES: usize = 3;

/// How to write.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Columns of sentences.
    width: usize,
    /// Columns of quoted lines, which nobody reads as prose.
    quoted: usize,
    colour: bool,
}

impl Look {
    fn of_stdout() -> Self {
        Self::of(&console::Term::stdout(), console::colors_enabled())
    }

    fn of_stderr() -> Self {
        Self::of(&console::Term::stderr(), console::colors_enabled_stderr())
    }

    fn of(terminal: &console::Term, colour: bool) -> Self {
        let columns = columns_of(terminal).unwrap_or(80);
        Self { width: columns.clamp(20, 80), quoted: columns.clamp(40, 200), colour }
    }
}

/// Everything: findings, verdicts, the count.
pub(super) fn report(report: &Report<'_>) -> String {
    whole(report, Look::of_stdout())
}

/// The findings alone, for standard error.
pub(super) fn findings(report: &Report<'_>) -> String {
    rendered(report, Look::of_stderr())
}

/// The count alone, for standard error.
pub(super) fn summary(report: &Report<'_>) -> String {
    counted(report, Look::of_stderr())
}

fn whole(report: &Report<'_>, look: Look) -> String {
    [rendered(report, look), verdicts(report, look), counted(report, look)].concat()
}

fn rendered(report: &Report<'_>, look: Look) -> String {
    let one = |(file, finding): (&super::SourceFile, &Diagnostic)| {
        let text = finding.render_within(&file.name(), &file.text, Some(look.quoted));
        painted(&fill_finding(&text, look.width), finding.severity, look.colour) + "\n"
    };
    report.findings().map(one).collect()
}

/// Colours the words that begin lines, and the carets.
fn painted(text: &str, severity: Severity, colour: bool) -> String {
    if !colour {
        return text.to_owned();
    }
    let style = Style::new().force_styling(true);
    let bad = match severity {
        Severity::Error => style.clone().red().bold(),
        Severity::Warning => style.clone().yellow().bold(),
        Severity::Note => style.clone().cyan().bold(),
    };
    let (frame, hint) = (style.clone().blue(), style.cyan());
    let paint = |(index, line): (usize, &str)| {
        let gutter = line.split_once('|').filter(|(number, _)| {
            line.starts_with(|c: char| c == ' ' || c.is_ascii_digit())
                && number.chars().all(|c| c == ' ' || c.is_ascii_digit())
        });
        if index == 0
            && let Some((label, rest)) = line.split_once(':')
        {
            return format!("{}:{rest}\n", bad.apply_to(label));
        }
        if let Some((number, rest)) = gutter {
            let carets = rest.trim_start().starts_with('^') && rest.trim().chars().all(|c| c == '^');
            let rest = if carets { bad.apply_to(rest).to_string() } else { rest.to_owned() };
            return format!("{}{rest}\n", frame.apply_to(format!("{number}|")));
        }
        for label in ["help", "fix"] {
            if let Some(rest) = line.strip_prefix(label).filter(|rest| rest.starts_with(": ")) {
                return format!("{}{rest}\n", hint.apply_to(label));
            }
        }
        match line.split_once("--> ") {
            Some((before, place)) if before.trim().is_empty() => {
                format!("{before}{} {place}\n", frame.apply_to("-->"))
            }
            _ => format!("{line}\n"),
        }
    };
    text.lines().enumerate().map(paint).collect()
}

fn verdicts(report: &Report<'_>, look: Look) -> String {
    if report.verdicts.is_empty() {
        return String::new();
    }
    let mut text = fill("", "", &format!("Providers with {}:", report.whitelist), look.width);
    for verdict in &report.verdicts {
        let (word, why) = match &verdict.pattern {
            Some(pattern) => ("accept", format!("({} `{}`)", pattern.kind.word(), pattern.domain)),
            None if verdict.accepted => ("accept", "(no host to compare)".to_owned()),
            None => ("reject", "(no pattern matches)".to_owned()),
        };
        text += &fill(&format!("  {word} "), "         ", &format!("{} {why}", verdict.url), look.width);
    }
    text + "\n"
}

fn counted(report: &Report<'_>, look: Look) -> String {
    let plural = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let names: Vec<String> = report.files.iter().map(|file| file.source.name()).collect();
    let names = match &names[..] {
        [cluster, rest @ ..] if names.len() > MOST_FILES => {
            format!("{cluster} and {} Python files", rest.len())
        }
        _ => names.join(", "),
    };
    let (errors, warnings) =
        (plural(report.count(Severity::Error), "error"), plural(report.count(Severity::Warning), "warning"));
    let notes = match report.count(Severity::Note) {
        0 => String::new(),
        notes => format!(", {}", plural(notes, "note")),
    };
    let mut text = fill("", "  ", &format!("{names}: {errors}, {warnings}{notes}"), look.width);
    let (all, fixable) = (report.findings().count(), report.fixable());
    if fixable > 0 {
        let which = if fixable == all { "all of them".to_owned() } else { format!("{fixable} of {all}") };
        let can = format!("`golem-outbound check --fix` can mend {which}");
        text += &fill("", "  ", &can, look.width);
    }
    let mut findings: Vec<&Diagnostic> = report.findings().map(|(_, finding)| finding).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if let Some(worst) = findings.first() {
        let more = format!("`golem-outbound check --explain {}` says more about a finding", worst.code);
        text += &fill("", "  ", &more, look.width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_nothing_but_colours() {
        let finding = Diagnostic::warning("a-code", "something that takes a few words to be said")
            .at(1, 3, 2)
            .help("do `this`: or that");
        let plain = fill_finding(&finding.render_within("a|b.py", "x = ^^ # | ^\n", Some(40)), 40);
        let painted = painted(&plain, Severity::Warning, true);
        assert_eq!(console::strip_ansi_codes(&painted), plain);
        let colour = |line: &str, code: &str| {
            let found = painted.lines().find(|painted| console::strip_ansi_codes(painted) == line);
            found.unwrap_or_else(|| panic!("no `{line}` in {painted}")).contains(code)
        };
        assert!(colour("warning[a-code]: something that takes a", "\u{1b}[33m"));
        assert!(colour("  |   ^^", "\u{1b}[33m"), "carets");
        assert!(colour("help: do `this`: or that", "\u{1b}[36m"));
        assert!(!colour("1 | x = ^^ # | ^", "\u{1b}[33m"), "the source keeps its colour");
    }
}
