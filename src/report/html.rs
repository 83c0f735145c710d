//! The walk as one HTML file that needs nothing else: no script, no font, no other file.
//!
//! May import `evidence` and `event`. Pure. Invariant: the page asks for nothing (its content policy allows no source but
//! its own style), every text of the walk is escaped, and nothing is told by colour alone.

mod ansi;
mod escape;
mod prose;
mod steps;
mod tables;
mod timeline;

use std::fmt::Write;

use self::escape::escaped;
use super::Walk;
use super::summary::SIMULATED;
use super::walk::{Standing, duration_words};
use crate::evidence::Outcome;

const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn render(walk: &Walk) -> String {
    let mut page = String::new();
    head(walk, &mut page);
    header(walk, &mut page);
    page.push_str("<main>\n");
    if !walk.steps.is_empty() {
        section("Timeline", &timeline::svg(walk), &mut page);
        section("Steps", &steps::html(walk), &mut page);
    }
    section("Teardown", &tables::teardowns(walk), &mut page);
    section("Downloads", &tables::downloads(walk), &mut page);
    section("Findings", &tables::findings(walk), &mut page);
    section("The market", &tables::market(walk), &mut page);
    section("Cluster file", &source("golem-cluster.yaml", &walk.about.cluster_file), &mut page);
    let manifest = walk.about.manifest.as_ref().map(|manifest| format!("{manifest:#}")).unwrap_or_default();
    let manifest = source("the payload manifest that ray-on-golem sends for it", &manifest);
    section("Manifest", &manifest, &mut page);
    page.push_str("</main>\n");
    footer(walk, &mut page);
    page.push_str("</body>\n</html>\n");
    page
}

fn head(walk: &Walk, page: &mut String) {
    let title = format!("{} on {}: {}", walk.project, walk.network_words(), walk.standing().word());
    let _ = writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>",
        escaped(&title)
    );
}

fn header(walk: &Walk, page: &mut String) {
    let standing = walk.standing();
    let _ = writeln!(
        page,
        "<header>\n<p class=\"kind\">Walk of a tutorial: Internet access from Ray on Golem</p>\n<h1>{}</h1>\n\
         <p class=\"standing {}\"><span aria-hidden=\"true\">{}</span> {}</p>",
        escaped(&walk.project),
        class_of_standing(standing),
        mark_of_standing(standing),
        escaped(standing.word())
    );
    if walk.simulated {
        let _ = writeln!(page, "<p class=\"simulated\"><strong>simulated</strong> {SIMULATED}</p>");
    }
    page.push_str("<dl class=\"facts\">\n");
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(page, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value));
        }
    };
    fact("Network", &walk.network_words());
    fact("Steps", &walk.counts());
    fact("Took", &duration_words(walk.elapsed()));
    fact("Began", &walk.about.started.replace('T', " ").replace('Z', " UTC"));
    fact("Content", walk.content.as_deref().unwrap_or_default());
    fact("Exit code", &walk.end.map(|end| end.exit_code.to_string()).unwrap_or_default());
    for version in &walk.versions {
        fact(&version.of, &version.is);
    }
    page.push_str("</dl>\n</header>\n");
}

fn section(title: &str, content: &str, page: &mut String) {
    if !content.is_empty() {
        let _ = writeln!(page, "<section>\n<h2>{}</h2>\n{content}</section>", escaped(title));
    }
}

fn source(title: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let (title, text) = (escaped(title), escaped(text));
    format!("<details>\n<summary>{title}</summary>\n<pre tabindex=\"0\">{text}</pre>\n</details>\n")
}

fn footer(walk: &Walk, page: &mut String) {
    let network = if walk.simulated { " on an emulated network: simulated" } else { "" };
    let program = walk.versions.iter().find(|version| version.of == "golem-outbound");
    let version = program.map(|version| format!(" {}", escaped(&version.is))).unwrap_or_default();
    let _ =
        writeln!(page, "<footer><p>Written by golem-outbound{version} from a walk{network}.</p></footer>");
}

/// The class of a step's outcome in the style sheet.
fn class_of(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "passed",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Inconclusive) => "unsure",
        Some(Outcome::Skipped | Outcome::NotReached) | None => "idle",
    }
}

/// A mark for those who do not see the colour.
fn mark_of(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "✓",
        Some(Outcome::Failed) => "✗",
        Some(Outcome::Inconclusive) => "?",
        Some(Outcome::Skipped | Outcome::NotReached) | None => "–",
    }
}

fn class_of_standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "passed",
        Standing::Failed => "failed",
        _ => "unsure",
    }
}

fn mark_of_standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "✓",
        Standing::Failed => "✗",
        _ => "?",
    }
}
