//! Texts broken into lines that fit the terminal.
//!
//! May import nothing of the house. Invariant: neither words nor commands in backticks are ever cut, so what is meant to
//! be copied stays whole.

/// The columns to fill: the terminal's, at most 80. Where the output is no terminal, it is what `COLUMNS` says, because a
/// walk reads its commands through a pipe and shows what they say on its own terminal; else 80.
pub fn width() -> usize {
    columns_to_fill(columns_of(&console::Term::stdout()))
}

/// The columns of a terminal; of what is none, those that `COLUMNS` says.
pub fn columns_of(terminal: &console::Term) -> Option<usize> {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.size_checked().map(|(_, columns)| columns.into()).or_else(said)
}

fn columns_to_fill(columns: Option<usize>) -> usize {
    columns.map_or(80, |columns| columns.clamp(20, 80))
}

/// The columns of the terminal that errors go to; none where standard error is no terminal, and lines stay whole.
pub fn error_width() -> Option<usize> {
    console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns).clamp(20, 100))
}

/// The words of a text; what stands in backticks counts as one, because it is a command or a name to be copied.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(open) if quoted => {
                open.push(' ');
                open.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// One paragraph whose first line begins with `first` and whose other lines begin with `rest`; ends with a newline.
pub fn fill(first: &str, rest: &str, text: &str, width: usize) -> String {
    let mut lines = vec![first.to_owned()];
    let mut begun = false;
    for word in words(text) {
        let line = lines.last_mut().expect("there is always a first line");
        let columns = console::measure_text_width(line) + 1 + console::measure_text_width(&word);
        if begun && columns > width {
            lines.push(format!("{rest}{word}"));
        } else {
            if begun {
                line.push(' ');
            }
            line.push_str(&word);
            begun = true;
        }
    }
    lines.join("\n") + "\n"
}

/// A rendered finding with its message and help filled; the lines that quote the source stay as they are.
pub fn fill_finding(rendered: &str, width: usize) -> String {
    rendered
        .lines()
        .map(|line| {
            let quoted = line.trim_start().starts_with(|c: char| c == '|' || c == '-' || c.is_ascii_digit());
            if quoted || line.chars().count() <= width {
                format!("{line}\n")
            } else {
                fill("", "  ", line, width)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_is_filled_and_a_wide_one_left_half_empty() {
        assert_eq!([Some(40), Some(200), Some(0), None].map(columns_to_fill), [40, 80, 20, 80]);
    }

    #[test]
    fn words_are_moved_and_never_cut() {
        assert_eq!(
            fill("a: ", "   ", "one two https://ipfs.io/ipfs/x", 12),
            "a: one two\n   https://ipfs.io/ipfs/x\n"
        );
        assert_eq!(fill("", "", "", 12), "\n");
    }

    #[test]
    fn commands_in_backticks_stay_whole() {
        assert_eq!(
            fill("hint: ", "  ", "make it: `golem-outbound new my-project`, then go on", 24),
            "hint: make it:\n  `golem-outbound new my-project`,\n  then go on\n"
        );
    }

    #[test]
    fn quoted_source_is_left_alone() {
        let finding =
            "error[x]: a long message that goes on\n  --> a:1:1\n1 | a long source line that goes on\n";
        assert_eq!(
            fill_finding(finding, 20),
            "error[x]: a long\n  message that goes\n  on\n  --> a:1:1\n1 | a long source line that goes on\n"
        );
    }
}
