//! The sandbox's `/etc/hosts`.
//!
//! May import its room's words. Invariant: the registry is always the localnet's own, whatever the content is.

use std::fmt::Write;

use super::Content;

/// The services that ray-on-golem has hard-coded, and that the localnet answers in their place.
pub const REGISTRY_HOSTS: [&str; 2] = ["registry.golem.network", "reputation.dev-test.golem.network"];

/// The text of the sandbox's `/etc/hosts`: with the mirror the content's hosts too, so that a script that runs there
/// without a node gets the same content as one that runs on a node.
pub fn hosts_file(content: Content, content_hosts: &[String]) -> String {
    let mut text = String::from("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    for host in REGISTRY_HOSTS {
        let _ = writeln!(text, "127.0.0.1 {host}");
    }
    if content == Content::Mirror {
        for host in content_hosts {
            let _ = writeln!(text, "127.0.0.1 {host}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_takes_the_contents_names_and_live_content_does_not() {
        let hosts = ["ipfs.io".to_owned()];
        let mirror = hosts_file(Content::Mirror, &hosts);
        assert!(mirror.contains("127.0.0.1 ipfs.io\n"), "{mirror}");
        let live = hosts_file(Content::Live, &hosts);
        assert!(!live.contains("ipfs.io"), "{live}");
        for text in [mirror, live] {
            assert!(text.contains("127.0.0.1 registry.golem.network\n"));
            assert!(text.contains("127.0.0.1 localhost\n"));
        }
    }
}
