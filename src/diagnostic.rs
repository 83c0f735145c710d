//! Findings about a text: a code, a severity, a place and what to do, and how they look in a terminal.
//!
//! May import `error`. Invariant: positions are one-based lines and columns counted in characters.

pub mod brackets;
mod excerpt;
mod fix;
mod place;

pub use fix::{Edit, Fix, applicable, apply};
pub use place::line_column;

use crate::error::{Error, ErrorKind};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely to surprise.
    Warning,
    /// Will not work.
    Error,
}

impl Severity {
    /// The word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a text: one-based line and column, and the number of characters to underline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Span {
    /// One-based line.
    pub line: usize,
    /// One-based column, in characters.
    pub column: usize,
    /// Characters to underline; at least one.
    pub length: usize,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// A stable kebab-case name, for example `outbound-url-without-scheme`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// Where, if it has a place.
    pub span: Option<Span>,
    /// What to write or type instead.
    pub help: Option<String>,
    /// Edits that are safe to make without asking: they keep what the author meant.
    #[serde(skip)]
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// A finding that makes the text unusable.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span: None, help: None, fix: None }
    }

    /// A finding that is likely to surprise.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Gives it a place.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize, length: usize) -> Self {
        self.span = Some(Span { line, column, length: length.max(1) });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers edits that are safe to make without asking.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(Box::new(fix));
        self
    }

    /// The finding as text: message, `--> file:line:column`, the source line with carets, help, and what `check --fix`
    /// would do. Nothing is cut.
    pub fn render(&self, file: &str, source: &str) -> String {
        self.render_within(file, source, None)
    }

    /// The same with the source line cut to a width around what it points at.
    pub fn render_within(&self, file: &str, source: &str, width: Option<usize>) -> String {
        let mut text = format!("{}[{}]: {}\n", self.severity.word(), self.code, self.message);
        match self.span {
            Some(span) => {
                text += &format!("  --> {file}:{}:{}\n", span.line, span.column);
                text += &excerpt::excerpt(source, span, width);
            }
            None => text += &format!("  --> {file}\n"),
        }
        if let Some(help) = &self.help {
            text += &format!("help: {help}\n");
        }
        if let Some(fix) = &self.fix {
            text += &format!("fix: {}\n", fix.title);
        }
        text
    }
}

/// The worst findings of a file as one error, rendered, for commands that cannot go on.
pub fn as_error(file: &str, source: &str, findings: &[Diagnostic]) -> Option<Error> {
    let text: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.render(file, source))
        .collect();
    (!text.is_empty()).then(|| {
        Error::new(ErrorKind::Usage, format!("`{file}` cannot be used\n{}", text.join("\n").trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_at_its_place() {
        let finding = Diagnostic::error("outbound-url-without-scheme", "`ipfs.io` has no scheme")
            .at(2, 3, 7)
            .help("write `https://ipfs.io`");
        insta::assert_snapshot!(finding.render("a.yaml", "urls:\n- ipfs.io\n"), @r"
        error[outbound-url-without-scheme]: `ipfs.io` has no scheme
          --> a.yaml:2:3
          |
        2 | - ipfs.io
          |   ^^^^^^^
        help: write `https://ipfs.io`
        ");
    }
}
