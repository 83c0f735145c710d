//! A provider's `rules.json`.
//!
//! May import its parent. Invariant: what yagna's `rules/store.rs` reads is read, keys that it does not know included,
//! and what it refuses is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CertRule, Mode, Rules};

/// The file. `blacklist` and `allow-only` are filters of requestors and say nothing about URLs.
#[derive(Deserialize)]
struct RulesFile {
    outbound: Outbound,
}

/// Unlike our own provider files, this one must name `enabled` and `everyone`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Outbound {
    enabled: bool,
    everyone: Mode,
    #[serde(default)]
    audited_payload: BTreeMap<String, Cert>,
    #[serde(default)]
    partner: BTreeMap<String, Cert>,
}

#[derive(Deserialize)]
struct Cert {
    mode: Mode,
    description: String,
}

impl From<Cert> for CertRule {
    fn from(cert: Cert) -> Self {
        Self { mode: cert.mode, description: cert.description }
    }
}

impl Rules {
    /// Reads a provider's `rules.json` (`agent/provider/src/rules/store.rs`, `RulesConfig`).
    ///
    /// # Errors
    /// If the text is not such a file.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        let Outbound { enabled, everyone, audited_payload, partner } =
            serde_json::from_str::<RulesFile>(text)?.outbound;
        let rules = |certs: BTreeMap<String, Cert>| {
            certs.into_iter().map(|(cert, rule)| (cert, rule.into())).collect()
        };
        Ok(Self { enabled, everyone, audited_payload: rules(audited_payload), partner: rules(partner) })
    }

    /// A `rules.json` with these outbound rules and no filter of requestors.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct File<'a> {
            outbound: &'a Rules,
        }
        serde_json::to_string_pretty(&File { outbound: self }).expect("maps of strings always become JSON")
    }
}
