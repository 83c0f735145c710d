//! The tutorial that every new project gets.

use super::*;

/// The template's own tutorial, filled as a fresh project fills it.
#[test]
fn the_ten_steps_of_the_template_load_in_order() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("template/tutorial");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push((name, std::fs::read_to_string(path).unwrap()));
    }
    let mut values = values();
    for name in [
        "project",
        "network",
        "payment_network",
        "image_tag",
        "workers",
        "final_sentence",
        "blocked_url",
        "first_url",
    ] {
        values.insert(name.into(), name.into());
    }
    values.insert("outbound_urls".into(), vec!["https://ipfs.io".to_owned()].into());
    let tutorial = Tutorial::load(&files, &values).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let ids: Vec<&str> = tutorial.steps().iter().map(|step| step.id.as_str()).collect();
    let expected = [
        "prerequisites",
        "environment",
        "configure-outbound",
        "whitelist",
        "run-local",
        "network-stats",
        "ray-up",
        "ray-submit",
        "blocked-url",
        "ray-down",
    ];
    assert_eq!(ids, expected);
    for (name, text) in &files {
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{name} has a line of over 100 columns"
        );
        let (_, prose) = text[4..].split_once("\n---\n").unwrap();
        let words = prose.split_whitespace().count();
        assert!((150..=400).contains(&words), "{name} has {words} words of prose");
    }
    let up = tutorial.step("ray-up").unwrap();
    assert_eq!(up.teardown.len(), 2);
    assert_eq!(tutorial.step("ray-down").unwrap().undoes, ["ray-up"]);
}
