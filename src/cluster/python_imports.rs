//! The modules that a Python text imports, with their places.
//!
//! May import its siblings. Invariant: an import that the text may do without is none.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::python_literals::scan;
use super::python_urls::NOT_ON_NODES;

static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:from\s+([A-Za-z_]\w*)[\w.]*\s+import\b|import\s+(.+))")
        .expect("a test runs this expression")
});

/// One imported module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Its first name: `a` of `a.b`.
    pub(super) module: String,
    /// Where that name stands.
    pub(super) range: Range<usize>,
}

/// The modules that a text imports for certain: not those after `try:` or `if TYPE_CHECKING:`, which it may do without.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let code = code_only(text);
    let mut found = Vec::new();
    let mut guard: Option<usize> = None;
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let (from, trimmed) = (start, line.trim());
        start += line.len();
        if trimmed.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let goes_on = ["except", "else", "finally", "elif"].iter().any(|word| trimmed.starts_with(word));
        if guard.is_some_and(|guard| indent < guard || (indent == guard && !goes_on)) {
            guard = None;
        }
        if guard.is_none()
            && (trimmed == "try:" || (trimmed.starts_with("if ") && trimmed.contains("TYPE_CHECKING")))
        {
            guard = Some(indent);
        }
        if guard.is_some() || text[from..start].contains(NOT_ON_NODES) {
            continue;
        }
        for statement in line.split(';') {
            let at = from + (statement.as_ptr() as usize - line.as_ptr() as usize);
            found.extend(statement_imports(statement, at));
        }
    }
    found
}

fn statement_imports(statement: &str, at: usize) -> Vec<Import> {
    let Some(captures) = IMPORT.captures(statement) else { return Vec::new() };
    let import = |start: usize, name: &str| Import {
        module: name.to_owned(),
        range: at + start..at + start + name.len(),
    };
    if let Some(module) = captures.get(1) {
        return vec![import(module.start(), module.as_str())];
    }
    let list = captures.get(2).expect("one of the two groups matched");
    let mut found = Vec::new();
    let mut start = list.start();
    for item in list.as_str().split(',') {
        let blank = item.len() - item.trim_start().len();
        let name =
            item.trim_start().split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        if !name.is_empty() {
            found.push(import(start + blank, name));
        }
        start += item.len() + 1;
    }
    found
}

/// The text with blanks in the place of strings, comments and joined lines; every byte keeps its place.
fn code_only(text: &str) -> String {
    let scan = scan(text);
    let mut bytes = text.as_bytes().to_vec();
    let ranges = scan
        .literals
        .iter()
        .map(|literal| &literal.range)
        .chain(scan.comments.iter().map(|comment| &comment.range));
    for range in ranges {
        bytes[range.clone()].fill(b' ');
    }
    for joined in 0..bytes.len().saturating_sub(1) {
        if bytes[joined..].starts_with(b"\\\n") {
            bytes[joined..joined + 2].fill(b' ');
        }
    }
    String::from_utf8(bytes).expect("whole characters were replaced by blanks")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(text: &str) -> Vec<String> {
        imports(text).into_iter().map(|import| import.module).collect()
    }

    #[test]
    fn every_form_of_import_is_read() {
        assert_eq!(
            modules("import a.b as c, d ; from e.f import (\n  g)\nimport \\\n  h\n"),
            ["a", "d", "e", "h"]
        );
        assert_eq!(modules("def f():\n\timport a\n\tfrom . import b\nimportant = 1\n"), ["a"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "((import|from|try:|if TYPE_CHECKING:)[ \\t]{1,2})?[a-zäß_., ;'\"#\\\\\\n()]{0,40}") {
            for import in imports(&text) {
                proptest::prop_assert_eq!(text.get(import.range), Some(import.module.as_str()));
            }
        }
    }
}
