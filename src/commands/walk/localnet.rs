//! What the localnet of a walk is made of: the one that runs already, or the one that is asked for.
//!
//! Invariant: nothing is started here, and `auto` is decided here once for the whole walk.

use std::path::{Path, PathBuf};

use super::{NetworkName, Request};
use crate::localnet::ContentMode;
use crate::localnet::sandbox::config::SandboxConfig;
use crate::localnet::sandbox::start::decided;
use crate::localnet::sandbox::status::status;
use crate::tutorial::progress::{CONTENT, Inputs, MARKET, fingerprint};

/// The localnet of a walk, before it begins.
pub(super) struct LocalnetOfWalk {
    /// Where downloads come from; never `auto`.
    pub content: ContentMode,
    /// The same and the market, as what steps depend on.
    pub inputs: Inputs,
}

/// None on other networks.
pub(super) fn localnet_of(request: &Request, project: &Path) -> Option<LocalnetOfWalk> {
    if request.network != NetworkName::Localnet {
        return None;
    }
    let asked = || (decided(request.content), request.providers.clone(), request.faults.clone());
    let (content, providers, faults) =
        running(&project.join(".golem-outbound/localnet")).unwrap_or_else(asked);
    let word = if content == ContentMode::Live { "live" } else { "mirror" };
    // The built-in market is our version's. What cannot be read is refused later, with its reason.
    let mut market = providers.map_or_else(
        || "built-in".to_owned(),
        |file| std::fs::read(file).map_or_else(|_| "unreadable".to_owned(), fingerprint),
    );
    for fault in faults {
        market = fingerprint(format!("{market} {fault}"));
    }
    let inputs = Inputs::from([(CONTENT.to_owned(), word.to_owned()), (MARKET.to_owned(), market)]);
    Some(LocalnetOfWalk { content, inputs })
}

/// What a localnet that runs already was made of: the walk uses it as it is.
fn running(dir: &Path) -> Option<(ContentMode, Option<PathBuf>, Vec<String>)> {
    let content = status(dir).ok()?.content?;
    let config = SandboxConfig::read(dir).ok()?;
    Some((content, config.providers, config.faults))
}
