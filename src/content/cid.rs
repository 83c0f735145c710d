//! Content identifiers, and whether a body is what one names.
//!
//! May import nothing of the house. Invariant: only a block is ever compared with its CID. A `dag-pb` CID names the
//! root of a tree, whose file has another hash, so there the answer is that we cannot tell.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The multicodec of a raw block, and the multihash codes of sha2-256 and identity (multicodec table).
const RAW: u64 = 0x55;
const SHA2_256: u64 = 0x12;
const IDENTITY: u64 = 0x00;

/// A parsed content identifier, of version 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cid(::cid::Cid);

/// What a body is, measured by a CID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The body is the block that the CID names.
    Verified,
    /// The body is something else.
    Mismatch,
    /// The body alone does not tell.
    CannotTell {
        /// Why not.
        why: String,
    },
}

/// Why a text is not a CID, in the words of the parser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a CID: {cause}")]
pub struct NotACid {
    text: String,
    cause: String,
}

impl FromStr for Cid {
    type Err = NotACid;

    fn from_str(text: &str) -> Result<Self, NotACid> {
        ::cid::Cid::try_from(text)
            .map(Self)
            .map_err(|cause| NotACid { text: text.to_owned(), cause: cause.to_string() })
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Cid {
    /// The sha2-256 of the body that it names, as 64 lower-case hexadecimal digits. `None` if the CID names a tree of
    /// blocks or hashes in another way, so that the body alone does not tell.
    pub fn sha256(&self) -> Option<String> {
        let is_hash = self.0.codec() == RAW && self.0.hash().code() == SHA2_256;
        is_hash.then(|| hex(self.0.hash().digest()))
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares a body with the block that the CID names.
pub fn verify(cid: &Cid, body: &[u8]) -> Verification {
    if cid.0.codec() != RAW {
        let why = format!("codec 0x{:x} names a tree of blocks, not the bytes of a file", cid.0.codec());
        return Verification::CannotTell { why };
    }
    let matches = match cid.0.hash().code() {
        SHA2_256 => cid.0.hash().digest() == Sha256::digest(body).as_slice(),
        IDENTITY => cid.0.hash().digest() == body,
        other => return Verification::CannotTell { why: format!("multihash 0x{other:x} is not known here") },
    };
    if matches { Verification::Verified } else { Verification::Mismatch }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cid: &str, body: &[u8], expected: &Verification) {
        assert_eq!(&verify(&cid.parse().unwrap(), body), expected, "{cid}");
    }

    #[test]
    fn a_raw_block_is_its_hash() {
        let r = "bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq";
        check(r, b"R", &Verification::Verified);
        check(r, b"R\n", &Verification::Mismatch);
        check(r, b"", &Verification::Mismatch);
    }

    #[test]
    fn only_a_raw_block_tells_the_hash_of_its_body() {
        let sha256 = |cid: &str| cid.parse::<Cid>().unwrap().sha256();
        let r = sha256("bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq");
        assert_eq!(r, Some(hex(&Sha256::digest(b"R"))));
        assert_eq!(sha256("bafkqaaa"), None);
        assert_eq!(sha256("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"), None);
    }

    #[test]
    fn the_probe_of_gateways_is_empty() {
        check("bafkqaaa", b"", &Verification::Verified);
        check("bafkqaaa", b"x", &Verification::Mismatch);
    }

    #[test]
    fn a_tree_cannot_be_told_from_its_file() {
        for cid in [
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
            "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        ] {
            let why = "codec 0x70 names a tree of blocks, not the bytes of a file".to_owned();
            check(cid, b"anything", &Verification::CannotTell { why });
        }
    }

    #[test]
    fn what_is_no_cid_is_refused_with_its_text() {
        for text in ["", "bafkrei", "hello", "bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bv0"] {
            let error = text.parse::<Cid>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not a CID: ")), "{error}");
        }
    }
}
