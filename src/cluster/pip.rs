//! `pip install` in commands that run on nodes.
//!
//! May import `outbound` and its siblings. Invariant: the image's pip asks [`super::PIP_INDEX`] and nothing else.

use url::Url;

use super::config::{ClusterConfig, node_types};
use super::document::{Cursor, Document};
use super::{PIP_INDEX, reach};
use crate::diagnostic::Diagnostic;

const COMMANDS: [&str; 4] =
    ["initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"];

pub(super) fn check(document: &Document, config: &ClusterConfig, findings: &mut Vec<Diagnostic>) {
    let at_top = COMMANDS.iter().filter_map(|key| document.at(&[key]));
    let of_types = node_types(document)
        .into_iter()
        .flat_map(|(_, cursor)| COMMANDS.into_iter().filter_map(move |key| cursor.get(key)));
    let commands: Vec<Cursor<'_>> = at_top.chain(of_types).flat_map(|list| list.items()).collect();
    let index = Url::parse(PIP_INDEX).expect("the index is a URL");
    let index_declared = reach::is_covered(config, &index);
    for command in commands {
        let Some(text) = command.value.as_str().filter(|text| installs(text)) else { continue };
        let foreign = text
            .split(['=', ' ', '"', '\''])
            .filter_map(|word| Url::parse(word).ok())
            .find(|url| matches!(url.scheme(), "http" | "https") && !reach::is_covered(config, url));
        if let Some(host) = foreign.as_ref().filter(|url| url.host() != index.host()).and_then(Url::host_str)
        {
            let message = format!("pip is told to ask `{host}`, which `outbound_urls` does not declare");
            let finding = Diagnostic::error("pip-index-not-declared", message);
            findings
                .push(command.mark(finding.help("leave the index out: the image's pip asks Golem's proxy")));
        } else if !index_declared {
            let finding =
                Diagnostic::error("pip-without-index", "`pip install` needs an index that is not declared")
                    .help(format!("add `\"{PIP_INDEX}\"` to `outbound_urls`"));
            findings.push(command.mark(finding));
        }
    }
}

/// Whether a shell command installs Python packages: `pip install`, `pip3 -q install`, `python -m pip install`.
fn installs(command: &str) -> bool {
    let words: Vec<&str> = command.split(|c: char| c.is_whitespace() || ";&|()".contains(c)).collect();
    let pip = |word: &str| {
        let program = word.rsplit('/').next().unwrap_or(word);
        program.strip_prefix("pip").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    words.iter().position(|word| pip(word)).is_some_and(|at| words[at..].contains(&"install"))
}
