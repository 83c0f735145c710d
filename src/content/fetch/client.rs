//! One HTTP request, and its answer sorted by what it says about the URL.
//!
//! May import its sibling `retry`. Invariant: the certificates are those of the machine, so `SSL_CERT_FILE` counts: inside
//! a localnet the mirror is believed for that reason, and for no other.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER,
};
use ureq::tls::{RootCerts, TlsConfig};
use url::Url;

use super::retry::Failure;

pub(super) struct Client(Agent);

/// An answer that says something about the URL.
pub(super) enum Answer {
    /// Status 200.
    Body { content_type: Option<String>, length: Option<u64>, reader: Box<dyn Read> },
    /// A redirect with an address.
    Redirect { to: Url, status: u16 },
    /// Anything else, in words.
    Other(String),
}

impl Client {
    pub(super) fn new(patience: Duration) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("golem-outbound/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(patience.min(Duration::from_secs(10))))
            .timeout_connect(Some(patience.min(Duration::from_secs(10))))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            .build();
        Self(config.new_agent())
    }

    pub(super) fn get(&self, url: &Url) -> Result<Answer, Failure> {
        let mut address = url.clone();
        address.set_fragment(None);
        // What the hash is taken of must be the file and not some compressed form of it.
        let request = self.0.get(address.as_str()).header(ACCEPT_ENCODING, "identity");
        let response = request.call().map_err(failure)?;
        let header = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let status = response.status().as_u16();
        match status {
            200 => {}
            301 | 302 | 303 | 307 | 308 => {
                let Some(to) = header(LOCATION).and_then(|to| url.join(&to).ok()) else {
                    return Ok(Answer::Other(format!(
                        "it answers with status {status} and no usable address"
                    )));
                };
                return Ok(Answer::Redirect { to, status });
            }
            408 | 429 | 500 | 502 | 503 | 504 => {
                return Err(Failure::busy(status, header(RETRY_AFTER).as_deref()));
            }
            _ => return Ok(Answer::Other(words(status))),
        }
        if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
            return Err(Failure::lasting(format!("the server sends it as `{encoding}` only")));
        }
        Ok(Answer::Body {
            content_type: header(CONTENT_TYPE),
            length: header(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            reader: Box::new(response.into_body().into_reader()),
        })
    }
}

/// What a status means for the one who copied the URL.
fn words(status: u16) -> String {
    let meaning = match status {
        401 | 403 => ": it is not public, or the link is not complete",
        404 => ": nothing is there",
        410 | 451 => ": it was taken away",
        _ => "",
    };
    format!("it answers with status {status}{meaning}")
}

const UNKNOWN: &str = "its host name could not be looked up from here";

/// Nothing came back that says something about the URL.
fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(ureq::Timeout::Resolve) => {
            Failure::lasting(UNKNOWN.into())
        }
        // The standard library gives a failed look-up no kind of its own.
        ureq::Error::Io(error) if error.to_string().contains("lookup address") => {
            Failure::lasting(UNKNOWN.into())
        }
        ureq::Error::ConnectionFailed => Failure::connection("no connection could be made".into()),
        ureq::Error::Rustls(error) => Failure::lasting(format!("the connection is not trusted: {error}")),
        ureq::Error::Timeout(_) => Failure::connection("no answer came in time".into()),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Failure::lasting(format!("the connection is not trusted: {error}"))
        }
        other => Failure::connection(other.to_string()),
    }
}
