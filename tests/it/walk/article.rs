//! The article's outputs and commands, compared with those of a walk of the docs' example.

use golem_outbound::tutorial::expected::missing_lines;

use super::ordinary_user::walked;
use crate::docs::{Block, blocks};

const ARTICLE: &str = include_str!("../../../docs/outbound.md");

/// The step that a block shows, by the comment before it: `<!-- walk: ray-up -->`.
fn step(block: &Block) -> Option<&str> {
    block.comment.as_deref()?.strip_prefix("walk: ")
}

#[test]
fn every_output_in_the_article_comes_from_a_walk() {
    let outputs = blocks(ARTICLE);
    let outputs: Vec<_> = outputs.iter().filter_map(|block| Some((step(block)?, block))).collect();
    let steps: Vec<&str> = outputs.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, ["network-stats", "run-local", "ray-up", "ray-submit", "blocked-url", "ray-down"]);
    let mut missing = Vec::new();
    for (step, block) in outputs {
        assert_eq!(block.language, "text", "{step}");
        let lines = missing_lines(&block.text, walked().output(step));
        missing.extend(lines.into_iter().map(|line| format!("{step}: {line}")));
    }
    assert!(missing.is_empty(), "the walk did not say:\n{}", missing.join("\n"));
}

/// A command without what the walk adds to it for a plain, quick output.
fn plain(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    let mut kept = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if ["--log-style", "--duration"].contains(&word) {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

#[test]
fn every_command_in_the_article_is_one_of_the_walk() {
    let ids = ["run-local", "network-stats", "ray-up", "ray-submit", "blocked-url", "ray-down"];
    let walked: Vec<String> =
        ids.iter().flat_map(|id| walked().command(id).split(" && ").map(plain).collect::<Vec<_>>()).collect();
    let shown = blocks(ARTICLE);
    let shown = shown.iter().filter(|block| block.language == "console").flat_map(Block::commands);
    let programs = ["ray ", "ray-on-golem ", "python3 "];
    let shown: Vec<&str> =
        shown.filter(|command| programs.iter().any(|program| command.starts_with(program))).collect();
    assert!(!shown.is_empty());
    for command in shown {
        assert!(walked.contains(&plain(command)), "`{command}` is not among {walked:#?}");
    }
}
