//! The file behind `localnet up --providers FILE`: a list of providers, or `providers:` and `faults:`.
//!
//! May import `error`. Invariant: a market without a provider is refused, unless it is to have no offers.

use std::path::Path;

use super::faults::Faults;
use super::provider::{DEFAULT_PROVIDERS, Fault, Provider};
use crate::error::{Error, Result};

/// The market of a localnet, and what goes wrong with the localnet.
#[derive(Clone, Debug)]
pub struct MarketFile {
    /// Who is there.
    pub providers: Vec<Provider>,
    /// What goes wrong.
    pub faults: Faults,
}

impl MarketFile {
    /// Reads `file`; the built-in providers without faults if there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is none of the two forms, and as [`Provider::list`].
    pub fn read(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Self::parse(DEFAULT_PROVIDERS, "providers.yaml") };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::usage(format!("failed to read providers from `{}`: {error}", file.display()))
                .caused_by(error)
        })?;
        Self::parse(&text, &file.to_string_lossy())
    }

    /// Reads a text; `origin` names it in errors.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(yaml: &str, origin: &str) -> Result<Self> {
        let unusable = |why: String| {
            Error::usage(format!("failed to read providers from `{origin}`: {why}"))
                .hint("the format is described in `docs/localnet.md`, under Providers and Faults")
        };
        let value: serde_yaml::Value =
            serde_yaml::from_str(yaml).map_err(|error| unusable(error.to_string()))?;
        let serde_yaml::Value::Mapping(mut sections) = value else {
            return Ok(Self { providers: Provider::list(yaml, origin)?, faults: Faults::default() });
        };
        let providers = match sections.remove("providers") {
            Some(providers) => {
                let list = serde_yaml::to_string(&providers).map_err(|error| unusable(error.to_string()))?;
                Provider::list(&list, origin)?
            }
            None => Provider::list(DEFAULT_PROVIDERS, "providers.yaml")?,
        };
        let faults = sections.remove("faults").map(serde_yaml::from_value).transpose();
        let faults: Faults =
            faults.map_err(|error| unusable(format!("faults: {error}")))?.unwrap_or_default();
        if let Some(key) = sections.keys().next() {
            let key = key.as_str().unwrap_or("a key that is no text");
            return Err(unusable(format!("`{key}` is neither `providers` nor `faults`")));
        }
        Ok(Self { providers, faults }.with_faulty_providers())
    }

    fn with_faulty_providers(mut self) -> Self {
        if self.faults.no_offers {
            self.providers.clear();
        }
        if self.faults.agreements_rejected {
            self.providers.iter_mut().for_each(|provider| provider.faults.push(Fault::RejectsAgreement));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let default = MarketFile::read(None).unwrap();
        assert_eq!(default.faults, Faults::default());
        let same = MarketFile::parse("faults: {wallet_empty: true}", "x.yaml").unwrap();
        assert_eq!(same.providers.len(), default.providers.len());
        assert!(same.faults.wallet_empty);
        let entry = "{name: a, subnet: public, cpu_threads: 1, mem_gib: 1, storage_gib: 1, prices: {start: 0, \
                     cpu_hour: 0, env_hour: 0}}";
        let own = MarketFile::parse(&format!("providers: [{entry}]\nfaults: {{}}"), "x.yaml").unwrap();
        assert_eq!(own.providers.len(), 1);
    }

    #[test]
    fn faults_of_everybody_are_everybodys() {
        assert!(MarketFile::parse("faults: {no_offers: true}", "x").unwrap().providers.is_empty());
        let rejecting = MarketFile::parse("faults: {agreements_rejected: true}", "x").unwrap();
        assert!(rejecting.providers.iter().all(|provider| provider.has(Fault::RejectsAgreement)));
    }

    #[test]
    fn whatever_else_stands_there_is_refused() {
        for yaml in ["faults: {colour: red}", "fault: {}", "providers: []", "", "faults: [a]"] {
            let error = MarketFile::parse(yaml, "x.yaml").unwrap_err();
            assert!(error.message().contains("x.yaml"), "{yaml}: {error}");
        }
    }
}
