//! Any text as the property that carries a manifest: what can be read is written and read again unchanged.
#![no_main]

use golem_outbound::outbound::manifest::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(manifest) = Manifest::decode(text) else { return };
    manifest.request();
    let again = Manifest::decode(&manifest.to_base64()).expect("what was written can be read");
    assert_eq!(again, manifest);
});
