//! A script's URLs and imports beside the file.

use super::*;

#[test]
fn pip_needs_its_index() {
    let install = "initialization_commands: [\"pip install numpy\"]";
    assert_eq!(changed("initialization_commands: []", install), ["pip-without-index! 30:27"]);
    let text = GOOD.replace("initialization_commands: []", install);
    let text =
        text.replace("[\"https://ipfs.io\"]", "[\"https://ipfs.io\", \"https://pypi.dev.golem.network\"]");
    assert_eq!(codes(&text), Vec::<String>::new());
    assert_eq!(
        codes(&text.replace("pip install", "pip3 -q install -i https://index.example/simple")),
        ["pip-index-not-declared! 30:27"]
    );
    assert_eq!(
        changed("initialization_commands: []", "initialization_commands: [\"pipx list\"]"),
        Vec::<String>::new()
    );
}

#[test]
fn a_scripts_urls_must_be_declared() {
    let config = ClusterConfig::parse(GOOD).0.unwrap();
    let script = "URLS = [\n    \"https://ipfs.io/ipfs/bafkqaaa\",\n    'http://ipfs.io/x',  \n    \
                  \"https://www.dropbox.com/s/a/b?dl=0\", f\"https://{host}/x\"]\n# \"https://a.io\"\nif u[:8] == \"https://\": pass\n";
    let findings = script_findings(&config, &Whitelist::snapshot(), script);
    assert_eq!(
        listed(&findings),
        ["script-port-not-declared! 3:6", "script-url-redirects! 4:6", "script-host-unknown 4:45"]
    );
    let help = findings[1].help.as_deref().unwrap();
    assert!(help.starts_with("use `https://dl.dropboxusercontent.com/s/a/b`"), "{help}");
    assert!(help.ends_with("add `\"https://dl.dropboxusercontent.com\"` to `outbound_urls`"), "{help}");
}

#[test]
fn the_whitelist_is_asked_about_every_host() {
    let text = GOOD.replace("https://ipfs.io", "https://www.ipfs.io");
    let findings = whitelist_findings(&text, &Whitelist::snapshot());
    assert_eq!(listed(&findings), ["host-not-whitelisted 14:25"]);
    assert_eq!(whitelist_findings(GOOD, &Whitelist::snapshot()), []);
}
