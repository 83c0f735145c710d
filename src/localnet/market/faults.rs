//! What goes wrong with a localnet as a whole: the `faults:` of its providers' file.
//!
//! May import `error`. Invariant: a fault with an unknown or a missing field is refused, never guessed at; without faults
//! nothing goes wrong.

use serde::Deserialize;

/// Everything that goes wrong. `docs/localnet.md` lists it for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Nobody offers anything.
    pub no_offers: bool,
    /// Every provider rejects every agreement that is proposed to it.
    pub agreements_rejected: bool,
    /// The requestor's wallet holds nothing, on every payment network.
    pub wallet_empty: bool,
    /// The faucet gives nothing.
    pub faucet_silent: bool,
    /// Names that no resolver answers for.
    pub unresolved_names: Vec<String>,
    /// URLs to which the mirror gives another answer than their content.
    pub urls: Vec<OddUrl>,
}

/// A URL with an answer of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "OddUrlEntry")]
pub struct OddUrl {
    /// Host, lower case.
    pub host: String,
    /// Path with query; an end `*` stands for whatever follows.
    pub path: String,
    /// What is answered.
    pub answer: OddAnswer,
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
}

impl TryFrom<OddUrlEntry> for OddUrl {
    type Error = String;

    fn try_from(entry: OddUrlEntry) -> Result<Self, String> {
        let OddUrlEntry { url, status, retry_after, page, redirect } = entry;
        let answer = match (status, page, redirect) {
            (Some(code), false, None) if (400..=599).contains(&code) => {
                OddAnswer::Status { code, retry_after }
            }
            (None, true, None) => OddAnswer::Page,
            (None, false, Some(target)) => OddAnswer::Redirect(target),
            _ => return Err(format!("`{url}` needs one answer: status (400 to 599), page or redirect")),
        };
        let address = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let address = address.ok_or_else(|| format!("`{url}` is no URL with http or https"))?;
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        Ok(Self { host: host.to_ascii_lowercase(), path: format!("/{path}"), answer })
    }
}

impl OddUrl {
    /// Whether it is about this request.
    pub fn is(&self, host: &str, path: &str) -> bool {
        let here = self.path.strip_suffix('*').map_or(self.path == path, |start| path.starts_with(start));
        self.host == host && here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "colour: red",
        ] {
            assert!(serde_yaml::from_str::<Faults>(yaml).is_err(), "{yaml}");
        }
    }
}
