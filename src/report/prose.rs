//! Markdown for a terminal: paragraphs and list items wrapped to its width, code and tables as they are.

use console::measure_text_width;

/// Wraps the text; no line of prose is wider than `width` unless a single word is.
pub fn wrapped(markdown: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut paragraph = Paragraph::default();
    let mut in_code = false;
    for line in markdown.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if in_code || is_fence {
            paragraph.flush(width, &mut lines);
            if is_fence {
                in_code = !in_code;
            } else {
                lines.push(format!("    {line}"));
            }
            continue;
        }
        let text = line.trim_start();
        let stands_alone = text.is_empty() || text.starts_with(['#', '|']);
        if stands_alone {
            paragraph.flush(width, &mut lines);
            lines.push(line.trim_end().to_owned());
            continue;
        }
        let marker = marker_width(text);
        if marker > 0 {
            paragraph.flush(width, &mut lines);
            paragraph.start(line.len() - text.len(), marker);
        }
        paragraph.words.extend(text.split_whitespace().map(ToOwned::to_owned));
    }
    paragraph.flush(width, &mut lines);
    lines.join("\n")
}

/// A command line as it can be typed and copied; one that is too wide goes on in the next line behind a backslash, as in
/// a shell. No word is cut, quoted ones least of all.
pub fn continued(command: &str, width: usize) -> String {
    let whole = format!("$ {command}");
    if measure_text_width(&whole) <= width {
        return whole;
    }
    let mut lines = vec!["$".to_owned()];
    for word in shell_words(command) {
        let line = lines.last_mut().expect("there is always a first line");
        // Two columns for the backslash, which may follow any line.
        if line.trim() == "$" || measure_text_width(line) + 1 + measure_text_width(word) + 2 <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("    {word}"));
        }
    }
    lines.join(" \\\n")
}

/// The words of a command line, with their quotes.
fn shell_words(command: &str) -> Vec<&str> {
    let mut quoted = false;
    let at_space = |c: char| {
        quoted ^= c == '\'';
        c == ' ' && !quoted
    };
    command.split(at_space).filter(|word| !word.is_empty()).collect()
}

/// The width of `- `, `* `, `> ` or `12. ` at the start of a line, else 0.
fn marker_width(text: &str) -> usize {
    if ["- ", "* ", "> "].iter().any(|marker| text.starts_with(marker)) {
        return 2;
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(". ") { digits + 2 } else { 0 }
}

#[derive(Default)]
struct Paragraph {
    words: Vec<String>,
    indent: usize,
    hanging: usize,
}

impl Paragraph {
    fn start(&mut self, indent: usize, hanging: usize) {
        self.indent = indent;
        self.hanging = hanging;
    }

    fn flush(&mut self, width: usize, lines: &mut Vec<String>) {
        let mut line = String::new();
        let mut indent = " ".repeat(self.indent);
        for word in std::mem::take(&mut self.words) {
            let needed = measure_text_width(&line) + 1 + measure_text_width(&word);
            if line.is_empty() {
                line = format!("{indent}{word}");
            } else if needed <= width {
                line = format!("{line} {word}");
            } else {
                indent = " ".repeat(self.indent + self.hanging);
                lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A title\n\nA paragraph that is longer than\nforty columns and so has to be wrapped.\n\n\
        - an item that is also longer than forty columns\n- another\n\n```console\n$ ray up golem-cluster.yaml --yes --verbose\n```\n\n\
        1. one\n2. two\n";

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        insta::assert_snapshot!(wrapped(TEXT, 40), @r"
        # A title

        A paragraph that is longer than forty
        columns and so has to be wrapped.

        - an item that is also longer than forty
          columns
        - another

            $ ray up golem-cluster.yaml --yes --verbose

        1. one
        2. two
        ");
    }

    #[test]
    fn a_long_command_goes_on_behind_a_backslash() {
        insta::assert_snapshot!(
            continued("ray submit golem-cluster.yaml simple-outbound.py 'a quoted word' https://ipfs.io/ipfs/bafkrei", 40),
            @r"
        $ ray submit golem-cluster.yaml \
            simple-outbound.py 'a quoted word' \
            https://ipfs.io/ipfs/bafkrei
        "
        );
        assert_eq!(continued("golem-outbound doctor", 40), "$ golem-outbound doctor");
    }

    #[test]
    fn no_line_of_prose_is_wider_than_the_terminal() {
        for width in [20, 40, 80] {
            let text = wrapped("word another ünïcödé word ".repeat(20).as_str(), width);
            assert!(text.lines().all(|line| measure_text_width(line) <= width), "{width}: {text}");
        }
    }
}
