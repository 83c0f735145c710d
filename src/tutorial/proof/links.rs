//! Links in the prose of a step: what is here must be here, what is elsewhere must have the form of an address.
//!
//! May import `diagnostic` and its siblings. Invariant: nothing is fetched.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Target;
use crate::diagnostic::{Diagnostic, line_column};
use crate::tutorial::{Step, prose_start};

/// What is wrong with the links of a step.
pub(super) fn findings(step: &Step, text: &str, target: &dyn Fn(&str) -> Option<Target>) -> Vec<Diagnostic> {
    let problem =
        |link: &String| problem(link, &step.prose, target).map(|finding| placed(text, link, finding));
    links(&step.prose).iter().filter_map(problem).collect()
}

/// The destinations of all links and images, each once.
fn links(prose: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for event in Parser::new_ext(prose, Options::ENABLE_TABLES) {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            && !found.iter().any(|known| **known == *dest_url)
        {
            found.push(dest_url.into_string());
        }
    }
    found
}

fn problem(link: &str, prose: &str, target: &dyn Fn(&str) -> Option<Target>) -> Option<Diagnostic> {
    if let Some((scheme, _)) = link.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        return malformed(link, scheme);
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default().replace("%20", " ");
    let page = if path.is_empty() {
        Target::Page(prose.to_owned())
    } else if let Some(found) = target(&path).filter(|_| !path.starts_with('/')) {
        found
    } else {
        let finding = Diagnostic::error(
            "link-broken",
            format!("the link `{link}` leads nowhere: there is no `{path}`"),
        );
        return Some(finding.help("a path is relative to the folder of the step file"));
    };
    let (anchor, Target::Page(page)) = (anchor?, page) else { return None };
    let known = anchors(&page);
    if anchor.is_empty() || known.iter().any(|known| known == anchor) {
        return None;
    }
    let near = crate::tutorial::suggestion::nearest(anchor, known.iter().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `#{near}`?"),
        None if known.is_empty() => "the page has no heading".to_owned(),
        None => format!("the headings are: {}", known.join(", ")),
    };
    Some(Diagnostic::error("link-anchor-missing", format!("the link `{link}` names no heading")).help(help))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// An address of the Internet has a host; nothing else belongs into a tutorial but mail.
fn malformed(link: &str, scheme: &str) -> Option<Diagnostic> {
    let why = match scheme.to_ascii_lowercase().as_str() {
        "mailto" => return None,
        "http" | "https" => url::Url::parse(link).err()?.to_string(),
        other => format!("`{other}` is neither http, https nor mailto"),
    };
    Some(
        Diagnostic::error("link-malformed", format!("the link `{link}` has no address: {why}"))
            .help("write `https://HOST/PATH`"),
    )
}

/// The anchors of a page's headings, as code hosts make them: lower case, hyphens for spaces, no punctuation, and a number
/// behind those that were there before.
fn anchors(page: &str) -> Vec<String> {
    let (mut found, mut heading) = (Vec::new(), None::<String>);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            (Event::End(TagEnd::Heading(_)), Some(text)) => {
                let slug = slug(text);
                let times = seen.entry(slug.clone()).or_default();
                found.push(if *times == 0 { slug } else { format!("{slug}-{times}") });
                *times += 1;
                heading = None;
            }
            _ => {}
        }
    }
    found
}

fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Where the link stands in the file; one that a placeholder made has no place.
fn placed(text: &str, link: &str, finding: Diagnostic) -> Diagnostic {
    let prose = prose_start(text);
    match text[prose..].find(link) {
        Some(at) => {
            let (line, column) = line_column(text, prose + at);
            finding.at(line, column, link.chars().count())
        }
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tutorial::{Tutorial, Values};

    fn found(prose: &str) -> Vec<(&'static str, Option<usize>)> {
        let text =
            format!("---\nid: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\n---\n\n{prose}\n");
        let tutorial = Tutorial::load(&[("01-a.md".into(), text.clone())], &Values::new()).unwrap();
        let target = |path: &str| match path {
            "02-b.md" => Some(Target::Page("# Why `ray up`?\n\n## Twice\n\n## Twice\n".into())),
            "a file.png" | "/etc/passwd" => Some(Target::Thing),
            _ => None,
        };
        let found = findings(&tutorial.steps()[0], &text, &target);
        found.iter().map(|finding| (finding.code, finding.span.map(|span| span.line))).collect()
    }

    #[test]
    fn links_that_lead_somewhere() {
        let good = "[a](02-b.md) [b](02-b.md#why-ray-up) [c](02-b.md#twice-1) ![d](<a file.png>) [e](a%20file.png)\n\
                    [f](https://ipfs.io/) <https://github.com> <mailto:a@b.io> [g](#here) [h][i]\n\n# Here\n\n[i]: 02-b.md\n\n\
                    `[not](a-link.md)`\n\n```text\n[nor](this.md)\n```\n";
        assert_eq!(found(good), []);
    }

    #[test]
    fn links_that_do_not() {
        assert_eq!(found("one\n[a](03-c.md)"), [("link-broken", Some(11))]);
        assert_eq!(found("[a](/etc/passwd)"), [("link-broken", Some(10))]);
        assert_eq!(found("[a](02-b.md#thrice)"), [("link-anchor-missing", Some(10))]);
        assert_eq!(found("[a](#here)"), [("link-anchor-missing", Some(10))]);
        assert_eq!(found("[a](https://)"), [("link-malformed", Some(10))]);
        assert_eq!(found("[a](javascript:x)"), [("link-malformed", Some(10))]);
    }
}
