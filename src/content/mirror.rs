//! The mirror's store: what the localnet serves in place of the Internet, embedded and addressed by content.
//!
//! May import `sample`, `cid` and `package_index`. Invariant: a path that names a CID is answered with that block or not at all.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{package_index, sample};

/// The twelve blocks of the public example, in the order of their sentence.
static BLOCKS: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let data: Blocks = serde_json::from_str(include_str!("data/tutorial-blocks.json"))
        .expect("the embedded blocks are read by a test");
    data.blocks
});

/// The pages of the package index.
static PACKAGES: LazyLock<Vec<package_index::Page>> =
    LazyLock::new(|| package_index::pages().expect("a wheel is written to memory"));

/// `(host, path and query)` to what is served there.
static STORE: LazyLock<BTreeMap<(&'static str, String), Served>> = LazyLock::new(|| {
    let mut store = BTreeMap::new();
    for block in BLOCKS.iter() {
        let served = Served { body: block.text.as_bytes(), content_type: "text/plain; charset=utf-8" };
        store.insert((IPFS, format!("/ipfs/{}", block.cid)), served);
    }
    // The probe that the Trustless Gateway Specification reserves: the identity CID of nothing.
    let probe = Served { body: b"", content_type: "application/octet-stream" };
    store.insert((IPFS, "/ipfs/bafkqaaa".to_owned()), probe);
    let path =
        sample::URL.strip_prefix("https://dl.dropboxusercontent.com").expect("the sample is Dropbox's");
    let hello = Served { body: sample::BODY, content_type: "text/plain; charset=utf-8" };
    store.insert((DROPBOX, path.to_owned()), hello);
    for page in PACKAGES.iter() {
        let served = Served { body: &page.body, content_type: page.content_type };
        store.insert((package_index::HOST, page.path.clone()), served);
    }
    store
});

const IPFS: &str = "ipfs.io";
const DROPBOX: &str = "dl.dropboxusercontent.com";

/// One block of the public example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// CIDv1, raw, sha2-256.
    pub cid: String,
    /// The block's bytes, which are text.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    #[serde(rename = "note")]
    _note: String,
    blocks: Vec<Block>,
}

/// What the mirror answers with status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The body.
    pub body: &'static [u8],
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
}

/// The hosts that the mirror stands in for.
pub fn hosts() -> &'static [&'static str] {
    &[IPFS, DROPBOX, package_index::HOST]
}

/// What stands at `https://<host><path_and_query>`; `None` is a 404.
pub fn lookup(host: &str, path_and_query: &str) -> Option<Served> {
    let host = hosts().iter().find(|known| known.eq_ignore_ascii_case(host))?;
    STORE.get(&(*host, path_and_query.to_owned())).copied()
}

/// The blocks of the public example, in order.
pub fn blocks() -> &'static [Block] {
    &BLOCKS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::cid::{Verification, verify};

    #[test]
    fn every_block_is_what_its_cid_names_and_they_make_the_sentence() {
        for block in blocks() {
            let served = lookup("ipfs.io", &format!("/ipfs/{}", block.cid)).expect("served");
            assert_eq!(verify(&block.cid.parse().unwrap(), served.body), Verification::Verified);
        }
        assert_eq!(blocks().len(), 12);
        assert_eq!(
            blocks().iter().map(|block| block.text.as_str()).collect::<String>(),
            "Ray on Golem rocks!"
        );
    }

    #[test]
    fn the_sample_needs_its_key() {
        let path = "/scl/fi/golem-outbound-sample/hello.txt";
        let served = lookup("dl.dropboxusercontent.com", &format!("{path}?rlkey=sample")).unwrap();
        assert_eq!(served.body, b"Hello from Dropbox!\n");
        assert_eq!(lookup("dl.dropboxusercontent.com", path), None);
    }

    #[test]
    fn pip_finds_its_index_and_only_the_package_that_is_there() {
        let index = |path: &str| lookup("pypi.dev.golem.network", path);
        let page = index("/simple/golem-outbound-greeting/").unwrap();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert_eq!(index("/simple/requests/"), None);
        assert_eq!(lookup("pypi.org", "/simple/golem-outbound-greeting/"), None);
    }

    #[test]
    fn nothing_else_is_served() {
        assert_eq!(lookup("example.com", "/"), None);
        assert_eq!(lookup("ipfs.io", "/"), None);
        assert_eq!(lookup("ipfs.io", "/ipfs/bafkreiqqqq"), None);
        assert_eq!(lookup("dl.dropboxusercontent.com", &format!("/ipfs/{}", blocks()[0].cid)), None);
    }
}
