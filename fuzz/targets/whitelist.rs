//! Any text as a whitelist, in both of its forms, and a host looked up in it. The first line is the host; a line `---`
//! parts the strict patterns, or the JSON, from the regexes.

use golem_outbound::outbound::whitelist::{MatchKind, Whitelist};

pub fn run(text: &str) {
    let (host, lists) = text.split_once('\n').unwrap_or((text, ""));
    let (strict, regex) = lists.split_once("\n---\n").unwrap_or((lists, ""));
    for list in [Whitelist::from_json(strict), Whitelist::from_lists(strict, regex)].into_iter().flatten() {
        if let Some(pattern) = list.matches(host) {
            let equal = pattern.domain.to_lowercase() == host.to_lowercase();
            assert!(pattern.kind == MatchKind::Regex || equal, "{pattern:?} matches `{host}`");
        }
        assert_eq!(
            Whitelist::from_json(&list.to_json()).as_ref().ok(),
            Some(&list),
            "what is written is read"
        );
    }
}
