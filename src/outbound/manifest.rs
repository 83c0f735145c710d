//! The Computation Payload Manifest: as ray-on-golem 0.13 writes it and as a provider's yagna reads it.
//!
//! May import nothing of the house. Invariant: [`Manifest::to_base64`] gives the bytes that ray-on-golem sends, and
//! [`Manifest::decode`] refuses what yagna refuses (`utils/manifest-utils/src/manifest.rs:210-553`).

mod description;
mod json;
mod reading;
mod script;
mod snail;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semver::Version;
use serde::{Deserialize, Serialize};
use url::Url;

use super::OutboundRequest;
use super::any_url::AnyUrl;
use super::whitelist::MatchKind;

pub use reading::ManifestError;

/// A manifest. Other fields are allowed everywhere, and ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the manifest's form.
    pub version: Version,
    /// RFC 3339; parsed but never compared with the clock.
    #[serde(deserialize_with = "json::rfc3339")]
    pub created_at: String,
    /// RFC 3339; parsed but never compared with the clock.
    #[serde(deserialize_with = "json::rfc3339")]
    pub expires_at: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The image, perhaps for several platforms.
    pub payload: Vec<Payload>,
    /// What the requestor will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comp_manifest: Option<CompManifest>,
}

/// Who made a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The requestor's program.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Where to read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
}

/// The image of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The machine that it is for; without one, any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Where it is.
    #[serde(deserialize_with = "json::urls")]
    pub urls: Vec<String>,
    /// `algorithm:` and the hash in hexadecimal digits.
    pub hash: String,
}

/// The kind of machine that an image is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// Such as `x86_64`.
    pub arch: String,
    /// Such as `linux`.
    pub os: String,
    /// Not compared by any provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

/// What the requestor will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompManifest {
    /// Version of this part's form.
    pub version: Version,
    /// Commands that may run; without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// Connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<Net>,
}

/// Commands that may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Patterns for `run` and `transfer`: a text each, which may itself be JSON.
    #[serde(deserialize_with = "json::commands")]
    pub commands: Vec<String>,
    /// How they are compared.
    #[serde(rename = "match", default)]
    pub kind: MatchKind,
}

/// Connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// To the Internet. Its presence gives the node a network at all (`exe-unit/src/runtime/process.rs:330-339`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inet: Option<Inet>,
}

/// The Internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inet {
    /// From the node to the Internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<Out>,
}

/// What a node asks to reach.
// `flatten` and an untagged form give poor messages, and these very messages are what a provider answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Out {
    /// Schemes. Written by ray-on-golem, read by nobody.
    #[serde(default = "json::default_protocols")]
    pub protocols: Vec<String>,
    /// URLs or everything.
    #[serde(flatten)]
    pub access: Access,
}

/// URLs or everything. If a manifest has both, its URLs count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "json::Representation", into = "json::Representation")]
pub enum Access {
    /// `urls`, as they were written; an empty list requests nothing.
    Urls(Vec<String>),
    /// `unrestricted: {"urls": true}`.
    Unrestricted,
}

impl Manifest {
    /// The manifest that ray-on-golem 0.13 sends for these entries of `outbound_urls`
    /// (`server/services/golem/manifest.py`, `helpers/demand_config.py`). Every entry is sent, twice if it is listed
    /// twice. The protocols are the entries' schemes, each once, in the order of their first appearance;
    /// ray-on-golem's own order is a Python set's and differs from run to run.
    ///
    /// With an empty list ray-on-golem sends no manifest at all; a caller does not ask for one.
    pub fn of_ray_on_golem<'u, U>(image_url: &str, image_hash: &str, outbound_urls: &'u [U]) -> Self
    where
        &'u U: Into<AnyUrl>,
    {
        let urls: Vec<AnyUrl> = outbound_urls.iter().map(Into::into).collect();
        let mut protocols: Vec<String> = Vec::new();
        for url in &urls {
            if !protocols.iter().any(|known| known == url.scheme()) {
                protocols.push(url.scheme().to_owned());
            }
        }
        let access = Access::Urls(urls.iter().map(AnyUrl::to_string).collect());
        Self {
            version: Version::new(0, 1, 0),
            created_at: "2023-06-26T00:00:00.000000Z".into(),
            expires_at: "2100-01-01T00:00:00.000000Z".into(),
            metadata: Some(Metadata {
                name: "Golem Ray".into(),
                description: Some("Golem ray webserver".into()),
                version: Some(Version::new(0, 0, 1)),
                authors: Vec::new(),
                homepage: None,
            }),
            payload: vec![Payload {
                platform: None,
                urls: vec![image_url.into()],
                hash: format!("sha3:{image_hash}"),
            }],
            comp_manifest: Some(CompManifest {
                version: Version::new(0, 1, 0),
                script: Some(Script { commands: vec!["run /bin/sh -c *".into()], kind: MatchKind::Regex }),
                net: Some(Net { inet: Some(Inet { out: Some(Out { protocols, access }) }) }),
            }),
        }
    }

    /// The property `golem.srv.comp.payload`: base64 of the JSON as Python writes it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(json::as_python(self))
    }

    /// The part about outbound access, if there is one.
    pub fn out(&self) -> Option<&Out> {
        self.comp_manifest.as_ref()?.net.as_ref()?.inet.as_ref()?.out.as_ref()
    }

    /// What the manifest asks for. No `out`, or an empty list, asks for nothing
    /// (`negotiator/builtin/manifest.rs`, `is_outbound_requested`).
    pub fn request(&self) -> OutboundRequest {
        match self.out().map(|out| &out.access) {
            Some(Access::Unrestricted) => OutboundRequest::Unrestricted,
            Some(Access::Urls(urls)) if !urls.is_empty() => {
                OutboundRequest::Urls(urls.iter().filter_map(|url| Url::parse(url).ok()).collect())
            }
            _ => OutboundRequest::None,
        }
    }
}
