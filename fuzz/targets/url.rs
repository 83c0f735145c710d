//! Any text as a URL: rewriting it comes to rest, and what it opens and who accepts it can always be said.

use std::sync::LazyLock;

use ::url::Url;
use golem_outbound::outbound::any_url::AnyUrl;
use golem_outbound::outbound::filter::endpoint;
use golem_outbound::outbound::known_hosts::advice;
use golem_outbound::outbound::near_miss::{meant_host, nearest};
use golem_outbound::outbound::share_link::{Rewrite, rewrite, with_scheme};
use golem_outbound::outbound::whitelist::Whitelist;

static WHITELIST: LazyLock<Whitelist> = LazyLock::new(Whitelist::snapshot);

pub fn run(text: &str) {
    if let Ok(entry) = AnyUrl::parse(text) {
        assert_eq!(AnyUrl::parse(entry.as_str()).as_ref(), Ok(&entry), "what is sent is read as it is");
    }
    if let Some(meant) = with_scheme(text) {
        Url::parse(&meant).expect("what is written instead of no URL is one");
    }
    let Ok(url) = Url::parse(text) else { return };
    let _ = endpoint(&url);
    advice(&url);
    if let Some(host) = url.host_str() {
        nearest(&WHITELIST, host);
        if let Some(meant) = meant_host(&WHITELIST, host) {
            assert!(
                WHITELIST.matches(&meant).is_some(),
                "`{meant}` is suggested for `{host}` and does not pass"
            );
        }
    }
    if let Rewrite::To { url: better, .. } = rewrite(&url) {
        assert!(matches!(rewrite(&better), Rewrite::Fine), "`{better}` would be rewritten again");
        let host = better.host_str().expect("content comes from a host");
        assert!(WHITELIST.matches(host).is_some(), "`{better}` is written instead and does not pass");
    }
}
