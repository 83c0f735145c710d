//! Any text as a manifest, JSON or the property that carries it: what can be read is written and read again unchanged.

use golem_outbound::outbound::manifest::Manifest;

pub fn run(text: &str) {
    let Ok(manifest) = Manifest::read(text) else { return };
    manifest.request();
    manifest.describe();
    let again = Manifest::decode(&manifest.to_base64()).expect("what was written can be read");
    assert_eq!(again, manifest);
}
