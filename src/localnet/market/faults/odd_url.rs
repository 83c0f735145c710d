//! URLs to which the mirror gives another answer than their content: always, a few times, or by chance.
//!
//! May import its siblings. Invariant: an entry without an answer, or with two, is refused.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use super::chance::{Chance, Share};

/// A URL with an answer of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "OddUrlEntry")]
pub struct OddUrl {
    /// Host, lower case.
    pub host: String,
    /// Path with query; an end `*` stands for whatever follows.
    pub path: String,
    /// What is answered.
    pub answer: OddAnswer,
    /// So many requests get it, then the content is there; absent for all of them.
    pub times: Option<u64>,
    /// Which share of the requests gets it.
    pub share: Share,
}

/// An answer that is not the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddAnswer {
    /// This status, perhaps with a `Retry-After` in seconds.
    Status {
        /// 400 to 599.
        code: u16,
        /// How long the client is asked to wait.
        retry_after: Option<u32>,
    },
    /// A web page with status 200, as Dropbox shows one for a link that is not direct.
    Page,
    /// A redirect to this URL.
    Redirect(String),
    /// The content, but the connection is cut after so many bytes of it.
    Truncated(u64),
    /// The content, so many bytes a second.
    Slow(u32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OddUrlEntry {
    url: String,
    status: Option<u16>,
    retry_after: Option<u32>,
    #[serde(default)]
    page: bool,
    redirect: Option<String>,
    truncate: Option<u64>,
    bytes_per_second: Option<u32>,
    times: Option<u64>,
    #[serde(default)]
    share: Share,
}

impl OddUrlEntry {
    fn answer(&self) -> Option<OddAnswer> {
        let status = self.status.map(|code| OddAnswer::Status { code, retry_after: self.retry_after });
        let answers = [
            status.filter(|_| self.status.is_some_and(|code| (400..=599).contains(&code))),
            self.page.then_some(OddAnswer::Page),
            self.redirect.clone().map(OddAnswer::Redirect),
            self.truncate.map(OddAnswer::Truncated),
            self.bytes_per_second.filter(|bytes| *bytes > 0).map(OddAnswer::Slow),
        ];
        let mut given = answers.into_iter().flatten();
        let only = given.next().filter(|_| given.next().is_none());
        only.filter(|_| self.retry_after.is_none() || self.status.is_some())
    }
}

impl TryFrom<OddUrlEntry> for OddUrl {
    type Error = String;

    fn try_from(entry: OddUrlEntry) -> Result<Self, String> {
        let Some(answer) = entry.answer() else {
            return Err(format!(
                "`{}` needs one answer: status (400 to 599), page, redirect, truncate or bytes_per_second",
                entry.url
            ));
        };
        let OddUrlEntry { url, times, share, .. } = entry;
        let address = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let address = address.ok_or_else(|| format!("`{url}` is no URL with http or https"))?;
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        Ok(Self { host: host.to_ascii_lowercase(), path: format!("/{path}"), answer, times, share })
    }
}

impl OddUrl {
    /// Whether it is about this request.
    pub fn is(&self, host: &str, path: &str) -> bool {
        let here = self.path.strip_suffix('*').map_or(self.path == path, |start| path.starts_with(start));
        self.host == host && here
    }
}

/// The odd URLs of a localnet and how often each was asked for.
#[derive(Debug, Default)]
pub struct OddUrls {
    chance: Chance,
    urls: Vec<(OddUrl, AtomicU64)>,
}

impl OddUrls {
    /// Nothing was asked for yet.
    pub fn new(chance: Chance, urls: Vec<OddUrl>) -> Self {
        Self { chance, urls: urls.into_iter().map(|url| (url, AtomicU64::new(0))).collect() }
    }

    /// The odd answer to this request, if it gets one.
    pub fn answer(&self, host: &str, path: &str) -> Option<&OddAnswer> {
        let found = self.urls.iter().enumerate().find(|(_, (url, _))| url.is(host, path));
        let (index, (url, asked)) = found?;
        let before = asked.fetch_add(1, Ordering::Relaxed);
        let odd = url.times.is_none_or(|times| before < times)
            && self.chance.happens(&format!("url {index}"), before, url.share);
        odd.then_some(&url.answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Faults;
    use super::*;

    #[test]
    fn an_answer_may_come_only_a_few_times_or_by_chance() {
        let yaml = "urls:\n\
                    - {url: 'https://a/x', status: 504, times: 2}\n\
                    - {url: 'https://a/y', truncate: 10, share: 0.5}\n";
        let faults: Faults = serde_yaml::from_str(yaml).unwrap();
        let odd = OddUrls::new(Chance::new(1), faults.urls.clone());
        let got = |path| (0..4).map(|_| odd.answer("a", path).is_some()).collect::<Vec<_>>();
        assert_eq!(got("/x"), [true, true, false, false]);
        let first: Vec<bool> = (0..40).map(|_| odd.answer("a", "/y").is_some()).collect();
        assert!(first.contains(&true) && first.contains(&false), "{first:?}");
        let again = OddUrls::new(Chance::new(1), faults.urls);
        assert_eq!((0..40).map(|_| again.answer("a", "/y").is_some()).collect::<Vec<_>>(), first);
    }

    #[test]
    fn a_url_with_an_answer_of_its_own_is_read() {
        let yaml = "urls:\n\
                    - {url: 'https://IPFS.io/ipfs/a', status: 429, retry_after: 1}\n\
                    - {url: 'https://dl.dropboxusercontent.com/s/*', page: true}\n\
                    - {url: 'https://github.com', redirect: 'https://example.com/'}\n";
        let faults: Faults = serde_yaml::from_str(yaml).unwrap();
        let [limited, page, moved] = &faults.urls[..] else { panic!("three") };
        assert!(limited.is("ipfs.io", "/ipfs/a") && !limited.is("ipfs.io", "/ipfs/ab"));
        assert_eq!(limited.answer, OddAnswer::Status { code: 429, retry_after: Some(1) });
        assert!(page.is("dl.dropboxusercontent.com", "/s/x?dl=1"));
        assert!(
            moved.is("github.com", "/") && moved.answer == OddAnswer::Redirect("https://example.com/".into())
        );
    }

    #[test]
    fn half_a_fault_is_refused() {
        for yaml in [
            "urls: [{url: 'https://a'}]",
            "urls: [{url: 'https://a', status: 200}]",
            "urls: [{url: 'https://a', status: 404, page: true}]",
            "urls: [{url: 'a', page: true}]",
            "urls: [{url: 'https://a', page: true, retry_after: 1}]",
            "urls: [{url: 'https://a', page: true, share: 2}]",
            "urls: [{url: 'https://a', bytes_per_second: 0}]",
        ] {
            assert!(serde_yaml::from_str::<Faults>(yaml).is_err(), "{yaml}");
        }
    }
}
