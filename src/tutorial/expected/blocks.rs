//! Where the blocks of expected output stand in a text, and how they look to a reader.
//!
//! May import its siblings. Invariant: ranges are byte offsets into the text that was given, so that everything outside
//! of them can be kept as it is.

use std::ops::Range;

use super::Versions;

/// The language of the fence, as in Markdown's `console` or `yaml`.
const LANGUAGE: &str = "output";

/// What a reader sees above a block.
const LABEL: &str = "What to expect:";

/// One block of expected output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What is between the fences: whole lines.
    pub body: Range<usize>,
    /// The line that opens the fence.
    pub fence: Range<usize>,
    /// The comment before it that says what it was recorded with: its whole line.
    pub comment: Option<Range<usize>>,
    /// What that comment says.
    pub versions: Option<Versions>,
}

/// All blocks of expected output in a Markdown text that end.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut comment, mut open): (Option<Range<usize>>, Option<Fence>) = (None, None);
    for (range, line) in ranged_lines(text) {
        if let Some(fence) = &open {
            if fence.is_closed_by(line) {
                let comment = comment.take();
                let versions = comment.clone().and_then(|comment| Versions::parse(&text[comment]));
                if fence.is_output {
                    let body = fence.line.end..range.start;
                    // A comment about something else is none of ours.
                    let comment = comment.filter(|_| versions.is_some());
                    found.push(Block { body, fence: fence.line.clone(), comment, versions });
                }
                open = None;
            }
        } else if let Some(fence) = Fence::opened_by(line, &range) {
            open = Some(fence);
        } else if !line.trim().is_empty() {
            comment = line.trim().starts_with("<!--").then_some(range);
        }
    }
    found
}

/// The prose as a reader sees it: comments of its author are left out, expected outputs are named.
pub fn shown(prose: &str) -> String {
    let (mut text, mut open, mut in_comment): (String, Option<Fence>, bool) = (String::new(), None, false);
    let mut dropped = false;
    for (range, line) in ranged_lines(prose) {
        let whole = &prose[range.clone()];
        if let Some(fence) = &open {
            text += whole;
            if fence.is_closed_by(line) {
                open = None;
            }
            continue;
        }
        in_comment |= line.trim_start().starts_with("<!--");
        if in_comment {
            in_comment = !line.trim_end().ends_with("-->");
            dropped = true;
            continue;
        }
        // A comment takes one of the blank lines around it along.
        if std::mem::take(&mut dropped) && line.trim().is_empty() && text.ends_with("\n\n") {
            continue;
        }
        open = Fence::opened_by(line, &range);
        if open.as_ref().is_some_and(|fence| fence.is_output) {
            text += LABEL;
            text += "\n\n";
        }
        text += whole;
    }
    text.trim().to_owned()
}

struct Fence {
    marks: String,
    line: Range<usize>,
    is_output: bool,
}

impl Fence {
    fn opened_by(line: &str, range: &Range<usize>) -> Option<Self> {
        let language = line.trim_start_matches('`');
        let marks = &line[..line.len() - language.len()];
        (marks.len() >= 3 && !language.contains('`')).then(|| Self {
            marks: marks.to_owned(),
            line: range.clone(),
            is_output: language.trim() == LANGUAGE,
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        line.starts_with(&self.marks) && line.trim_end().chars().all(|c| c == '`')
    }
}

/// Each line with its place; the place has the line's end, the line has not.
fn ranged_lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start..at, line.trim_end_matches(['\n', '\r']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROSE: &str = "First.\n\n<!-- seen with ray 2.9.3 -->\n```output\none\ntwo\n```\n\n````markdown\n```output\nan example\n```\n````\n\n<!-- a remark\nof two lines -->\n\n```yaml\n<!-- a: 1 -->\n```\n";

    #[test]
    fn blocks_are_found_with_their_comments_and_examples_are_not() {
        let [block] = &blocks(PROSE)[..] else { panic!("one block") };
        assert_eq!(&PROSE[block.body.clone()], "one\ntwo\n");
        assert_eq!(&PROSE[block.comment.clone().unwrap()], "<!-- seen with ray 2.9.3 -->\n");
        assert_eq!(block.versions.as_ref().unwrap().ray.as_deref(), Some("2.9.3"));
        assert!(blocks("```output\nwithout an end\n").is_empty());
    }

    #[test]
    fn a_reader_sees_what_to_expect_and_no_comments() {
        assert_eq!(
            shown(PROSE),
            "First.\n\nWhat to expect:\n\n```output\none\ntwo\n```\n\n````markdown\n```output\nan example\n```\n````\n\n```yaml\n<!-- a: 1 -->\n```"
        );
    }
}
