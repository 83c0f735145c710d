//! What `golem-outbound check` and `golem-outbound explain` printed, read back.
//!
//! The shape is that of `commands/check/text.rs` and `commands/explain.rs`: sentences may be broken over several lines,
//! because a walk shows them to people.

use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::Severity;
use crate::evidence::{HostVerdict, ReportedFinding};

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(error|warning|note)\[([a-z0-9-]+)\]: (.*)$").expect("a test runs this expression")
});

/// The findings in an output. What has no place (`--> file`) is no finding.
pub fn parse_findings(output: &str) -> Vec<ReportedFinding> {
    let plain = console::strip_ansi_codes(output);
    let lines: Vec<&str> = plain.lines().map(str::trim_end).collect();
    let starts = (0..lines.len()).filter_map(|start| finding(&lines[start..]));
    starts.collect()
}

fn finding(lines: &[&str]) -> Option<ReportedFinding> {
    let heading = HEADING.captures(lines.first()?)?;
    let severity = match &heading[1] {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Note,
    };
    let mut message = heading[3].to_owned();
    let mut rest = lines[1..].iter();
    let place = loop {
        let line = rest.next().filter(|line| line.starts_with("  "))?.trim();
        match line.strip_prefix("--> ") {
            Some(place) => break place,
            None => join(&mut message, line),
        }
    };
    let mut help: Option<String> = None;
    for line in rest.take_while(|line| !line.is_empty()) {
        match (line.strip_prefix("help: "), &mut help) {
            (Some(text), _) => help = Some(text.to_owned()),
            (None, Some(_)) if !line.starts_with("  ") => break,
            (None, Some(help)) => join(help, line.trim()),
            (None, None) => {}
        }
    }
    let (file, line, column) = split_place(place);
    let code = heading[2].to_owned();
    Some(ReportedFinding { code, severity, message, file: file.to_owned(), line, column, help })
}

fn join(text: &mut String, more: &str) {
    text.push(' ');
    text.push_str(more);
}

/// `file:line:column`, or a file whose name may hold colons.
fn split_place(place: &str) -> (&str, Option<usize>, Option<usize>) {
    let split = || {
        let (before, column) = place.rsplit_once(':')?;
        let (file, line) = before.rsplit_once(':')?;
        Some((file, line.parse().ok()?, column.parse().ok()?))
    };
    split().map_or((place, None, None), |(file, line, column)| (file, Some(line), Some(column)))
}

/// What providers say to URLs: the table of `check` (`  accept https://ipfs.io (strict …)`) and the verdicts of
/// `explain` (a URL, then `  accepted`).
pub fn parse_verdicts(output: &str) -> Vec<HostVerdict> {
    let plain = console::strip_ansi_codes(output);
    let lines: Vec<&str> = plain.lines().map(str::trim_end).collect();
    let mut found = Vec::new();
    let mut in_table = false;
    for (index, line) in lines.iter().enumerate() {
        let row = |word| line.strip_prefix(word).and_then(|rest| rest.split_whitespace().next());
        in_table = line.starts_with("Providers with ") || (in_table && !line.is_empty());
        let verdict = match (row("  accept "), row("  reject ")) {
            (Some(url), _) if in_table => Some((url, true)),
            (_, Some(url)) if in_table => Some((url, false)),
            _ if line.contains("://") && !line.contains(' ') => match lines.get(index + 1) {
                Some(&"  accepted") => Some((*line, true)),
                Some(&"  rejected") => Some((*line, false)),
                _ => None,
            },
            _ => None,
        };
        found.extend(verdict.map(|(url, accepted)| HostVerdict { url: url.to_owned(), accepted }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\u{1b}[33mwarning[dead-payment-network]\u{1b}[0m: `holesky` has been\r\n  shut down\r\n  --> a:b.yaml:26:22\n\
        \x20  |\n26 |     payment_network: \"holesky\"\n   |                      ^^^^^^^^^\nhelp: write `polygon`,\n  or hoodi\nfix: do it\n\n\
        error[missing-key]: `x` is missing\n  --> a.yaml\n\n\
        Providers with the default whitelist (2025-10-27):\n  accept https://ipfs.io (strict `ipfs.io`)\n  reject https://a.io (no\n         pattern)\n\n\
        a.yaml: 1 error, 1 warning\n";

    #[test]
    fn findings_are_read_through_colours_and_broken_lines() {
        let found = parse_findings(OUTPUT);
        let place = |finding: &ReportedFinding| (finding.file.clone(), finding.line, finding.column);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].code.as_str(), found[0].severity), ("dead-payment-network", Severity::Warning));
        assert_eq!(found[0].message, "`holesky` has been shut down");
        assert_eq!(place(&found[0]), ("a:b.yaml".into(), Some(26), Some(22)));
        assert_eq!(found[0].help.as_deref(), Some("write `polygon`, or hoodi"));
        assert_eq!((place(&found[1]), &found[1].help), (("a.yaml".into(), None, None), &None));
    }

    #[test]
    fn verdicts_are_read_from_both_commands() {
        let verdict = |url: &str, accepted| HostVerdict { url: url.into(), accepted };
        assert_eq!(
            parse_verdicts(OUTPUT),
            [verdict("https://ipfs.io", true), verdict("https://a.io", false)]
        );
        let explained = "https://ipfs.io/x\n  accepted\n  Why.\n\nhttps://b.io\n  rejected\n  Write instead:\n    https://c.io\n";
        assert_eq!(
            parse_verdicts(explained),
            [verdict("https://ipfs.io/x", true), verdict("https://b.io", false)]
        );
    }

    #[test]
    fn other_outputs_have_none() {
        for output in [
            "error: something\n",
            "error[E0425]: x\n  --> a.rs:1:1\n",
            "error[a-b]: torn",
            "  accept https://x\n",
        ] {
            assert!(parse_findings(output).is_empty() && parse_verdicts(output).is_empty(), "{output}");
        }
    }
}
