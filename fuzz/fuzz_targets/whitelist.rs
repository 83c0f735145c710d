//! Any text as a whitelist, in both of its forms, and a host looked up in it.
#![no_main]

use golem_outbound::outbound::whitelist::{MatchKind, Whitelist};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (strict, regex, host) = texts;
    for list in [Whitelist::from_json(strict), Whitelist::from_lists(strict, regex)].into_iter().flatten() {
        if let Some(pattern) = list.matches(host) {
            let equal = pattern.domain.to_lowercase() == host.to_lowercase();
            assert!(pattern.kind == MatchKind::Regex || equal, "{pattern:?} matches `{host}`");
        }
    }
});
