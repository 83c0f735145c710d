//! `docs/explain.md` shows what `explain` prints, to the letter, and the file arguments read what they should.

use std::path::Path;
use std::process::{Command, Output};

use crate::docs::blocks;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/explain.md");

/// A line as somebody would type it, where the program is on the path.
fn typed(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_golem-outbound")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Command::new("sh").args(["-c", line]).current_dir(folder).env("PATH", path).output().unwrap()
}

#[test]
fn the_page_shows_what_is_printed() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut shown = 0;
    for block in blocks(&page).iter().filter(|block| block.language == "console") {
        let folder = tempfile::tempdir().unwrap();
        let [command] = &block.commands().collect::<Vec<_>>()[..] else { panic!("one command a block") };
        let expected = block.text.split_once('\n').unwrap().1;
        let output = typed(command, folder.path());
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed == expected, "`{command}` prints:\n{printed}\nand the page shows:\n{expected}");
        shown += 1;
    }
    assert!(shown >= 6);
}

/// The exit code and all that was said, of a command in a folder with this file.
fn with_file(name: &str, text: &str, command: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let output = typed(&format!("golem-outbound explain {command}"), folder.path());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn a_whitelist_decides_in_either_form() {
    let json = r#"{"patterns": [{"domain": "a.example"}]}"#;
    let code = |name, text, url: &str| with_file(name, text, &format!("--whitelist {name} {url}")).0;
    assert_eq!(code("domain_whitelist.json", json, "https://a.example"), 0);
    assert_eq!(code("domain_whitelist.json", json, "https://ipfs.io"), 1);
    assert_eq!(code("strict.lst", "a.example\n", "https://A.example:8/x"), 0);
    assert_eq!(code("regex.lst", "^a\\.\n", "https://a.example"), 0);
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_why() {
    let refused = |name: &str, text, option: &str| {
        let (code, said) = with_file(name, text, &format!("{option} {name}"));
        assert_eq!(code, 2, "{said}");
        said
    };
    assert!(refused("regex.lst", "(", "https://ipfs.io --whitelist").contains("unclosed group"));
    assert!(
        refused("mine.txt", "", "https://ipfs.io --whitelist").contains("name it `domain_whitelist.json`")
    );
    assert!(refused("x.json", "[]", "https://ipfs.io --whitelist").contains("invalid whitelist"));
    assert!(refused("rules.json", "{}", "https://ipfs.io --rules").contains("missing field `outbound`"));
    assert!(refused("m.json", "{}", "--manifest").contains("invalid manifest: ManifestFormat("));
    assert_eq!(with_file("x", "", "https://ipfs.io --whitelist nowhere.lst").0, 2);
    assert_eq!(with_file("x", "", "https://ipfs.io --manifest x").0, 2, "URLs or a manifest");
    assert_eq!(with_file("x", "", "").0, 2);
}

#[test]
fn a_providers_rules_decide() {
    let rules = r#"{"outbound": {"enabled": true, "everyone": "all"}, "blacklist": {}}"#;
    assert_eq!(with_file("rules.json", rules, "--rules rules.json https://example.org").0, 0);
    let (code, said) = with_file(
        "rules.json",
        &rules.replace("true", "false"),
        "--rules rules.json --format json https://ipfs.io",
    );
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &json["reason"]), (1, &"outbound is disabled".into()));
}

#[test]
fn a_manifest_is_read_from_a_file_in_each_of_its_forms() {
    use golem_outbound::outbound::any_url::AnyUrl;
    use golem_outbound::outbound::manifest::Manifest;
    let urls = [AnyUrl::parse("https://ipfs.io").unwrap()];
    let manifest = Manifest::of_ray_on_golem("http://registry.example/x", "00", &urls);
    let json = serde_json::to_string(&manifest).unwrap();
    for text in [&json, &manifest.to_base64(), &format!("'{json}'")] {
        let (code, said) = with_file("m", text, "--manifest m");
        assert_eq!(code, 0, "{said}");
        assert!(said.starts_with("It asks for one URL: `https://ipfs.io`."), "{said}");
    }
}
