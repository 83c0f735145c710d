//! The article's outputs and commands, compared with those of a walk of the docs' example.

use super::normalise::normalise;
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
        let said = normalise(walked().output(step));
        for line in normalise(&block.text).lines().filter(|line| !line.is_empty() && *line != "…") {
            if !occurs(line, &said) {
                missing.push(format!("{step}: {line}"));
            }
        }
    }
    assert!(missing.is_empty(), "the walk did not say:\n{}", missing.join("\n"));
}

/// As a line of its own, with `…` for what was left out of it.
fn occurs(line: &str, said: &str) -> bool {
    said.lines().any(|candidate| {
        let mut parts = line.split('…');
        let Some(mut rest) = parts.next().and_then(|start| candidate.strip_prefix(start)) else {
            return false;
        };
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            match rest.find(part) {
                Some(_) if parts.peek().is_none() => return rest.ends_with(part),
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.is_empty()
    })
}

#[test]
fn an_ellipsis_stands_for_what_was_left_out() {
    let said = "Fetched IP: <node>\nInitial: 22";
    assert!(occurs("Initial: 22", said) && occurs("Fetched … <node>", said) && occurs("Init…", said));
    assert!(!occurs("Initial: 2", said) && !occurs("Fetched … IP", said) && !occurs("22", said));
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
