//! Where a word of the front matter stands in its file.
//!
//! May import `diagnostic`. Invariant: lines count from the file's first, which is the opening `---`.

use crate::diagnostic::Diagnostic;

/// Puts a finding at the first occurrence of a text in the front matter.
pub(super) fn place(yaml: &str, text: &str, finding: Diagnostic) -> Diagnostic {
    place_near(yaml, text, None, finding)
}

/// Puts a finding at the occurrence of a word that is nearest to a line (one-based, in the front matter).
pub(super) fn place_near(yaml: &str, word: &str, near: Option<usize>, finding: Diagnostic) -> Diagnostic {
    let found = yaml
        .lines()
        .enumerate()
        .filter_map(|(index, line)| whole_word(line, word).map(|at| (index + 1, at, line)))
        .min_by_key(|(line, _, _)| near.map_or(*line, |near| line.abs_diff(near)));
    match found {
        // The line of the opening `---` comes before the front matter.
        Some((line, at, source)) => {
            finding.at(line + 1, source[..at].chars().count() + 1, word.trim_end_matches(':').chars().count())
        }
        None => finding.at(near.unwrap_or(1) + 1, 1, 1),
    }
}

/// Where the word stands in the line by itself.
pub(super) fn whole_word(line: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        !line[..*at].chars().next_back().is_some_and(part)
            && !line[at + word.len()..].chars().next().is_some_and(part)
    })
}
