//! The file behind `localnet up --providers FILE`: a list of providers, or `providers:` and `faults:`.
//!
//! May import `error`. Invariant: a market without a provider is refused, unless it is to have no offers.

use std::path::Path;

use super::faults::{self, Faults};
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
    /// Reads `file`, the built-in providers if there is none, and adds `faults` of the command line.
    ///
    /// # Errors
    /// When the file cannot be read or is none of the two forms, when there is no such fault, and as
    /// [`Provider::list`].
    pub fn read(file: Option<&Path>, faults: &[String]) -> Result<Self> {
        let Some(file) = file else { return Self::parse(DEFAULT_PROVIDERS, "providers.yaml", faults) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::usage(format!("failed to read providers from `{}`: {error}", file.display()))
                .caused_by(error)
        })?;
        Self::parse(&text, &file.to_string_lossy(), faults)
    }

    /// Reads a text; `origin` names it in errors.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(yaml: &str, origin: &str, more: &[String]) -> Result<Self> {
        let unusable = |why: String| {
            Error::usage(format!("failed to read providers from `{origin}`: {why}"))
                .hint("the format is described in `docs/localnet.md`, under Providers and Faults")
        };
        let value: serde_yaml::Value =
            serde_yaml::from_str(yaml).map_err(|error| unusable(error.to_string()))?;
        let mut sections = match value {
            serde_yaml::Value::Mapping(sections) => sections,
            _ => {
                let faults = with(serde_yaml::Mapping::new(), more)?;
                return Ok(Self { providers: Provider::list(yaml, origin)?, faults }.with_faulty_providers());
            }
        };
        let providers = match sections.remove("providers") {
            Some(providers) => {
                let list = serde_yaml::to_string(&providers).map_err(|error| unusable(error.to_string()))?;
                Provider::list(&list, origin)?
            }
            None => Provider::list(DEFAULT_PROVIDERS, "providers.yaml")?,
        };
        let section = match sections.remove("faults") {
            Some(serde_yaml::Value::Mapping(section)) => section,
            Some(serde_yaml::Value::Null) | None => serde_yaml::Mapping::new(),
            Some(_) => return Err(unusable("faults: not a mapping of names to values".into())),
        };
        serde_yaml::from_value::<Faults>(section.clone().into())
            .map_err(|error| unusable(format!("faults: {error}")))?;
        let faults = with(section, more)?;
        if let Some(key) = sections.keys().next() {
            let key = key.as_str().unwrap_or("a key that is no text");
            return Err(unusable(format!("`{key}` is neither `providers` nor `faults`")));
        }
        Ok(Self { providers, faults }.with_faulty_providers())
    }

    fn with_faulty_providers(mut self) -> Self {
        let faults = &self.faults;
        if faults.no_offers {
            self.providers.clear();
        }
        for (everybodys, fault) in [
            (faults.proposals_rejected, Fault::RejectsProposals),
            (faults.agreements_rejected, Fault::RejectsAgreement),
            (faults.deploy_fails, Fault::DeployFails),
            (faults.deploy_hangs, Fault::DeployHangs),
            (faults.ssh_never_up, Fault::SshNeverUp),
        ] {
            if everybodys {
                self.providers.iter_mut().for_each(|provider| provider.faults.push(fault));
            }
        }
        self
    }
}

/// The section with the faults of the command line, which alone can be wrong: the section was read before.
fn with(mut section: serde_yaml::Mapping, more: &[String]) -> Result<Faults> {
    for fault in more {
        let mut alone = serde_yaml::Mapping::new();
        let sound = faults::add(&mut alone, fault).and_then(|()| {
            serde_yaml::from_value::<Faults>(alone.into()).map_err(|error| error.to_string())?;
            faults::add(&mut section, fault)
        });
        sound.map_err(|why| {
            Error::usage(format!("failed to read the fault `{fault}`: {why}"))
                .hint("faults are described in `docs/localnet.md`, for example: `--fault dns_fails=0.3`")
        })?;
    }
    serde_yaml::from_value(section.into())
        .map_err(|error| Error::internal(format!("failed to add faults: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let default = MarketFile::read(None, &[]).unwrap();
        assert_eq!(default.faults, Faults::default());
        let same = MarketFile::parse("faults: {wallet_empty: true}", "x.yaml", &[]).unwrap();
        assert_eq!(same.providers.len(), default.providers.len());
        assert!(same.faults.wallet_empty);
        let entry = "{name: a, subnet: public, cpu_threads: 1, mem_gib: 1, storage_gib: 1, prices: {start: 0, \
                     cpu_hour: 0, env_hour: 0}}";
        let own = MarketFile::parse(&format!("providers: [{entry}]\nfaults: {{}}"), "x.yaml", &[]).unwrap();
        assert_eq!(own.providers.len(), 1);
    }

    #[test]
    fn faults_of_the_command_line_join_those_of_the_file() {
        let given = ["unresolved_names=b.io".to_owned(), "deploy_fails".to_owned()];
        let file = MarketFile::parse("faults: {unresolved_names: [a.io]}", "x", &given).unwrap();
        assert_eq!(file.faults.unresolved_names, ["a.io", "b.io"]);
        assert!(file.providers.iter().all(|provider| provider.has(Fault::DeployFails)));
        let error = MarketFile::parse("faults: {}", "x", &["colour=red".to_owned()]).unwrap_err();
        assert!(
            error.message().starts_with("failed to read the fault `colour=red`: unknown field"),
            "{error}"
        );
    }

    #[test]
    fn faults_of_everybody_are_everybodys() {
        assert!(MarketFile::parse("faults: {no_offers: true}", "x", &[]).unwrap().providers.is_empty());
        let rejecting = MarketFile::parse("faults: {agreements_rejected: true}", "x", &[]).unwrap();
        assert!(rejecting.providers.iter().all(|provider| provider.has(Fault::RejectsAgreement)));
    }

    #[test]
    fn whatever_else_stands_there_is_refused() {
        for yaml in ["faults: {colour: red}", "fault: {}", "providers: []", "", "faults: [a]"] {
            let error = MarketFile::parse(yaml, "x.yaml", &[]).unwrap_err();
            assert!(error.message().contains("x.yaml"), "{yaml}: {error}");
        }
    }
}
