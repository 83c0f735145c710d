//! Fetches a URL once, under the rules that the script keeps on a node.
//!
//! May import its siblings. Invariant: a redirect is followed on the same origin only, a body is never kept beyond its
//! limit, and what kept us from knowing is never reported as a fault of the URL.

mod client;
mod retry;

use std::time::Duration;

use sha2::{Digest, Sha256};
use url::Url;

use super::cid::hex;
use client::{Answer, Client};

/// Redirects that the script follows (`get(url, redirects=3)`).
const REDIRECTS: usize = 3;
/// The first bytes of a body, enough to tell a web page from data.
const HEAD: usize = 512;

/// How much is asked for, and how patiently.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that a body may have.
    pub max_size: u64,
    /// Bytes of a body that are kept; all are hashed.
    pub keep: usize,
    /// Time to connect, to be answered, and between two parts of a body.
    pub patience: Duration,
}

impl Limits {
    /// A body that is only hashed.
    pub fn of_size(max_size: u64) -> Self {
        Self { max_size, keep: HEAD, patience: Duration::from_secs(30) }
    }

    /// A text that is kept whole.
    pub fn of_text(max_size: usize) -> Self {
        Self { max_size: max_size as u64, keep: max_size, patience: Duration::from_secs(30) }
    }
}

/// Who is told how it goes.
pub trait Watch {
    /// So many bytes of the body have come; its whole size, if the server named it.
    fn received(&mut self, bytes: u64, of: Option<u64>);
    /// An attempt failed for this reason, and another begins after a pause; the watcher does the waiting.
    fn pause(&mut self, why: &str, pause: Duration);
}

/// A body, measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Its length in bytes.
    pub bytes: u64,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The header `Content-Type`, as it came.
    pub content_type: Option<String>,
    /// The first bytes, as many as were to be kept.
    pub head: Vec<u8>,
    /// Where it came from in the end, and the addresses before it.
    pub chain: Vec<Url>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The body.
    Body(Body),
    /// The body is longer than the limit; its size, if the server named it.
    TooLarge(Option<u64>),
    /// A redirect to another origin, which was not followed.
    Elsewhere {
        /// Every address that was asked, in order.
        chain: Vec<Url>,
        /// Where the last one points.
        to: Url,
        /// 301 and 308 are meant to last, the others are not.
        status: u16,
    },
    /// The server answered, and not with a file; it would answer a node in the same way.
    Refused(String),
    /// Nothing is known of the URL: no Internet, no name, no connection, a busy server.
    CannotTell(String),
}

/// Fetches a body. Busy servers are asked up to five times and broken connections up to three, with the pauses that the
/// script makes; a server that asks for more than a minute is left alone.
pub fn fetch(url: &Url, limits: &Limits, watch: &mut dyn Watch) -> Fetched {
    let client = Client::new(limits.patience);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let failure = match attempt_once(&client, url, limits, watch) {
            Ok(fetched) => return fetched,
            Err(failure) => failure,
        };
        match failure.pause(attempt) {
            Some(pause) => watch.pause(&failure.why, pause),
            None => return Fetched::CannotTell(failure.why),
        }
    }
}

fn attempt_once(
    client: &Client,
    url: &Url,
    limits: &Limits,
    watch: &mut dyn Watch,
) -> Result<Fetched, retry::Failure> {
    let mut chain = vec![url.clone()];
    loop {
        let current = &chain[chain.len() - 1];
        match client.get(current)? {
            Answer::Body { content_type, length, reader } => {
                if length.is_some_and(|length| length > limits.max_size) {
                    return Ok(Fetched::TooLarge(length));
                }
                return read(reader, length, limits, watch).map(|body| match body {
                    Some((bytes, sha256, head)) => {
                        Fetched::Body(Body { bytes, sha256, content_type, head, chain })
                    }
                    None => Fetched::TooLarge(length),
                });
            }
            Answer::Redirect { to, status } => {
                if to.origin() != current.origin() {
                    return Ok(Fetched::Elsewhere { chain, to, status });
                }
                if chain.len() > REDIRECTS {
                    return Ok(Fetched::Refused(format!("it redirects more than {REDIRECTS} times")));
                }
                chain.push(to);
            }
            Answer::Other(why) => return Ok(Fetched::Refused(why)),
        }
    }
}

/// Length, hash and first bytes of a body; `None` if it goes beyond the limit.
fn read(
    mut reader: impl std::io::Read,
    length: Option<u64>,
    limits: &Limits,
    watch: &mut dyn Watch,
) -> Result<Option<(u64, String, Vec<u8>)>, retry::Failure> {
    let (mut bytes, mut hash, mut head) = (0_u64, Sha256::new(), Vec::new());
    let mut part = vec![0; 64 * 1024];
    loop {
        let count = match reader.read(&mut part) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(retry::Failure::connection(format!("the body broke off: {error}"))),
        };
        bytes += count as u64;
        if bytes > limits.max_size {
            return Ok(None);
        }
        hash.update(&part[..count]);
        let kept = limits.keep.saturating_sub(head.len()).min(count);
        head.extend_from_slice(&part[..kept]);
        watch.received(bytes, length);
    }
    match length {
        Some(length) if bytes < length => {
            Err(retry::Failure::connection(format!("the body broke off after {bytes} of {length} bytes")))
        }
        _ => Ok(Some((bytes, hex(&hash.finalize()), head))),
    }
}

#[cfg(test)]
mod tests;
