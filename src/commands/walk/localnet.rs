//! What the localnet of a walk is made of: the one that runs already, or the one that is asked for.
//!
//! Invariant: nothing is started here, and `auto` is decided here once for the whole walk.

use std::path::Path;

use super::{NetworkName, Request};
use crate::localnet::{ContentMode, MadeOf, decided, made_of};
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
    let asked = || MadeOf {
        content: decided(request.content),
        providers: request.providers.clone(),
        faults: request.faults.clone(),
    };
    // One that runs already is used as it is.
    let running = made_of(&project.join(".golem-outbound/localnet"));
    let MadeOf { content, providers, faults } = running.unwrap_or_else(asked);
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
