//! The Computation Payload Manifest: as ray-on-golem 0.13 writes it and as a provider's yagna reads it.
//!
//! May import nothing of the house. Invariant: [`Manifest::encode`] gives the bytes that ray-on-golem sends, and
//! [`Manifest::decode`] refuses what yagna refuses (`utils/manifest-utils/src/manifest.rs:210-553`).

mod json;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use url::Url;

use super::OutboundRequest;

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the manifest's form, semver.
    #[serde(deserialize_with = "json::semver")]
    pub version: String,
    /// RFC 3339; parsed but never compared with the clock.
    #[serde(deserialize_with = "json::rfc3339")]
    pub created_at: String,
    /// RFC 3339; parsed but never compared with the clock.
    #[serde(deserialize_with = "json::rfc3339")]
    pub expires_at: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The image.
    pub payload: Vec<Payload>,
    /// What the requestor will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comp_manifest: Option<CompManifest>,
}

/// Who made a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The requestor's program.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The image of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Where it is.
    #[serde(deserialize_with = "json::urls")]
    pub urls: Vec<String>,
    /// `sha3:` and the hash in hexadecimal digits.
    pub hash: String,
}

/// What the requestor will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompManifest {
    /// Version of this part's form, semver.
    #[serde(deserialize_with = "json::semver")]
    pub version: String,
    /// Commands that may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// Connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Net>,
}

/// Commands that may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Patterns.
    pub commands: Vec<String>,
    /// How they are compared.
    #[serde(rename = "match", default)]
    pub kind: super::whitelist::MatchKind,
}

/// Connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// To the Internet. Its presence gives the node a network at all (`exe-unit/src/runtime/process.rs:330-339`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inet: Option<Inet>,
}

/// The Internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inet {
    /// From the node to the Internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<Out>,
}

/// What a node asks to reach: URLs or everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "json::OutFields")]
pub struct Out {
    /// Schemes. Written by ray-on-golem, read by nobody.
    pub protocols: Vec<String>,
    /// URLs as they were written, or none where `unrestricted` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    /// `{"urls": true}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrestricted: Option<Unrestricted>,
}

/// The request for everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrestricted {
    /// Always `true`: `false` is an error.
    pub urls: bool,
}

/// A manifest that a provider cannot read. `Display` is the reason of its rejection
/// (`negotiator/builtin/manifest.rs:35,38`), `Debug` the part after the colon as yagna prints it.
#[derive(Debug, thiserror::Error)]
#[error("invalid manifest: {self:?}")]
pub enum ManifestError {
    /// No JSON, or JSON that is no manifest. What is not base64 ends here too: yagna then takes the text as it is.
    ManifestFormat(serde_json::Error),
}

impl Manifest {
    /// The manifest that ray-on-golem 0.13 sends for these URLs (`server/services/golem/manifest.py`). The protocols
    /// are the URLs' schemes in the order of their first appearance; ray-on-golem's own order is arbitrary.
    pub fn of_ray_on_golem(image_url: &str, image_hash: &str, outbound_urls: &[Url]) -> Self {
        let texts: Vec<String> = outbound_urls.iter().map(as_written).collect();
        let mut protocols: Vec<String> = Vec::new();
        for url in outbound_urls {
            if !protocols.iter().any(|known| known == url.scheme()) {
                protocols.push(url.scheme().to_owned());
            }
        }
        Self {
            version: "0.1.0".into(),
            created_at: "2023-06-26T00:00:00.000000Z".into(),
            expires_at: "2100-01-01T00:00:00.000000Z".into(),
            metadata: Some(Metadata {
                name: "Golem Ray".into(),
                description: Some("Golem ray webserver".into()),
                version: Some("0.0.1".into()),
            }),
            payload: vec![Payload { urls: vec![image_url.into()], hash: format!("sha3:{image_hash}") }],
            comp_manifest: Some(CompManifest {
                version: "0.1.0".into(),
                script: Some(Script {
                    commands: vec!["run /bin/sh -c *".into()],
                    kind: super::whitelist::MatchKind::Regex,
                }),
                net: Some(Net {
                    inet: Some(Inet { out: Some(Out { protocols, urls: Some(texts), unrestricted: None }) }),
                }),
            }),
        }
    }

    /// The property `golem.srv.comp.payload`: base64 of the JSON as Python writes it.
    pub fn encode(&self) -> String {
        STANDARD.encode(json::as_python(self))
    }

    /// Reads the property `golem.srv.comp.payload`: base64 with any blanks in it, else JSON itself.
    ///
    /// # Errors
    /// The reason of the rejection that a provider sends.
    pub fn decode(property: &str) -> Result<Self, ManifestError> {
        let compact: String = property.split_whitespace().collect();
        let bytes = STANDARD.decode(compact).unwrap_or_else(|_| property.as_bytes().to_vec());
        serde_json::from_slice(&bytes).map_err(ManifestError::ManifestFormat)
    }

    /// What the manifest asks for. No `out`, or an empty list, asks for nothing.
    pub fn request(&self) -> OutboundRequest {
        let out = (self.comp_manifest.as_ref())
            .and_then(|comp| comp.net.as_ref())
            .and_then(|net| net.inet.as_ref())
            .and_then(|inet| inet.out.as_ref());
        match out {
            Some(Out { unrestricted: Some(_), .. }) => OutboundRequest::Unrestricted,
            Some(Out { urls: Some(urls), .. }) if !urls.is_empty() => {
                OutboundRequest::Urls(urls.iter().filter_map(|url| Url::parse(url).ok()).collect())
            }
            _ => OutboundRequest::None,
        }
    }
}

/// A URL without the slash that the parser adds to a bare host: ray-on-golem sends URLs as the yaml has them.
fn as_written(url: &Url) -> String {
    let text = url.as_str();
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    text.strip_suffix('/').filter(|_| bare).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ray-on-golem 0.13.0 really sent for `outbound_urls: ["https://pypi.dev.golem.network"]`.
    const SENT: &str = include_str!("manifest/sent-by-ray-on-golem.b64");
    const HASH: &str = "1c47b4b29e4d47a6a1d2a19d6e3f8d4b0a2c7c8d4f4a21a0b9c4c5d1";

    #[test]
    fn it_is_byte_for_byte_what_ray_on_golem_sends() {
        let image = format!("http://127.0.0.1:7465/images/{HASH}.gvmi");
        let urls = [Url::parse("https://pypi.dev.golem.network").unwrap()];
        assert_eq!(Manifest::of_ray_on_golem(&image, HASH, &urls).encode(), SENT.trim());
    }

    #[test]
    fn what_was_sent_can_be_read() {
        let request = Manifest::decode(SENT).unwrap().request();
        assert_eq!(
            request,
            OutboundRequest::Urls(vec![Url::parse("https://pypi.dev.golem.network").unwrap()])
        );
    }

    fn with_out(out: &str) -> Result<OutboundRequest, String> {
        let text = format!(
            r#"{{"version":"0.1.0","createdAt":"2023-06-26T00:00:00Z","expiresAt":"2100-01-01T00:00:00+01:00","more":1,
            "payload":[],"compManifest":{{"version":"0.1.0","net":{{"inet":{out}}}}}}}"#
        );
        Manifest::decode(&text).map(|manifest| manifest.request()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_list_or_no_out_requests_nothing() {
        assert_eq!(with_out(r#"{"out":{"urls":[]}}"#), Ok(OutboundRequest::None));
        assert_eq!(with_out("{}"), Ok(OutboundRequest::None));
        assert_eq!(with_out(r#"{"out":{"unrestricted":{"urls":true}}}"#), Ok(OutboundRequest::Unrestricted));
    }

    #[test]
    fn what_a_provider_cannot_read_has_its_words() {
        let unrestricted = with_out(r#"{"out":{"unrestricted":{"urls":false}}}"#).unwrap_err();
        assert!(unrestricted.contains("'unrestricted.urls: false' is not valid"), "{unrestricted}");
        assert!(with_out(r#"{"out":{}}"#).is_err(), "neither urls nor unrestricted");
        assert!(with_out(r#"{"out":{"urls":["ipfs.io"]}}"#).unwrap_err().starts_with("invalid manifest: "));
        assert_eq!(
            Manifest::decode("%%").unwrap_err().to_string(),
            r#"invalid manifest: ManifestFormat(Error("expected value", line: 1, column: 1))"#
        );
        assert_eq!(
            Manifest::decode("{}").unwrap_err().to_string(),
            r#"invalid manifest: ManifestFormat(Error("missing field `version`", line: 1, column: 2))"#
        );
    }
}
