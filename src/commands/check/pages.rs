//! The pages about findings, `docs/findings/CODE.md`, embedded in the program.
//!
//! May import `error`. Invariant: what is printed is the page of the documentation, letter by letter.

use crate::error::{Error, Result};

/// `(code, text)`, in the order of the codes.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/findings.rs"));

/// All pages.
pub(super) fn all() -> &'static [(&'static str, &'static str)] {
    PAGES
}

/// The page of a code.
pub(super) fn page(code: &str) -> Result<&'static str> {
    if let Some((_, text)) = PAGES.iter().find(|(known, _)| *known == code) {
        return Ok(text);
    }
    let near = PAGES
        .iter()
        .map(|(known, _)| (strsim::osa_distance(known, code), *known))
        .min()
        .filter(|(distance, known)| *distance * 3 <= known.len());
    let error = Error::usage(format!("no finding has the code `{code}`"));
    Err(match near {
        Some((_, near)) => error.hint(format!("did you mean `golem-outbound check --explain {near}`?")),
        None => error.hint("the code stands in brackets behind `error` or `warning`"),
    })
}

/// The first sentence below the heading, which says what is wrong.
pub(super) fn summary(page: &str) -> String {
    let paragraph =
        page.lines().skip(1).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_its_code() {
        assert!(page("script-url-not-declared").unwrap().starts_with("# script-url-not-declared\n"));
        let error = page("script-url-not-declaired").unwrap_err();
        assert_eq!(error.hints(), ["did you mean `golem-outbound check --explain script-url-not-declared`?"]);
        assert_eq!(page("nonsense").unwrap_err().kind().exit_code(), 2);
    }

    #[test]
    fn every_page_says_in_one_paragraph_what_is_wrong() {
        for (code, text) in all() {
            let summary = summary(text);
            assert!(summary.ends_with('.') && !summary.contains('#'), "{code}: {summary}");
        }
    }
}
