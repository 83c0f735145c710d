//! Any text as a URL: rewriting it comes to rest, and what it opens and who accepts it can always be said.
#![no_main]

use std::sync::LazyLock;

use golem_outbound::outbound::filter::endpoint;
use golem_outbound::outbound::near_miss::{meant_host, nearest};
use golem_outbound::outbound::share_link::{Rewrite, rewrite};
use golem_outbound::outbound::whitelist::Whitelist;
use libfuzzer_sys::fuzz_target;
use url::Url;

static WHITELIST: LazyLock<Whitelist> = LazyLock::new(Whitelist::snapshot);

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    let _ = endpoint(&url);
    if let Some(host) = url.host_str() {
        nearest(&WHITELIST, host);
        if let Some(meant) = meant_host(&WHITELIST, host) {
            assert!(WHITELIST.matches(&meant).is_some(), "`{meant}` is suggested for `{host}` and does not pass");
        }
    }
    if let Rewrite::To { url: better, .. } = rewrite(&url) {
        assert!(matches!(rewrite(&better), Rewrite::Fine), "`{better}` would be rewritten again");
        let host = better.host_str().expect("content comes from a host");
        assert!(WHITELIST.matches(host).is_some(), "`{better}` is written instead and does not pass");
    }
});
