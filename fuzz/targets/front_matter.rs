//! Any text as a step of a tutorial: a step, or findings inside the text.

use golem_outbound::tutorial::{Tutorial, Values};

pub fn run(text: &str) {
    let values = Values::from([
        ("cluster_name".to_owned(), "golem-cluster".into()),
        ("urls".to_owned(), vec!["https://ipfs.io".to_owned()].into()),
    ]);
    match Tutorial::load(&[("01-fuzz.md".to_owned(), text.to_owned())], &values) {
        Ok(tutorial) => assert_eq!(tutorial.steps().len(), 1),
        Err(findings) => {
            assert!(!findings.is_empty());
            for (file, finding) in findings {
                finding.render(&file, text);
            }
        }
    }
}
