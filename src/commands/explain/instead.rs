//! What to write instead of a URL, or what else to do.

use url::Url;

use super::verdict::capitalised;
use crate::outbound::known_hosts::{advice, general_remedies};
use crate::outbound::near_miss::meant_host;
use crate::outbound::share_link::{Rewrite, rewrite};
use crate::outbound::whitelist::Whitelist;

/// What can be done about a URL.
#[derive(Default)]
pub(super) struct Instead {
    /// A URL that gives the same.
    pub(super) suggestion: Option<String>,
    /// Why, or what else can be done.
    pub(super) notes: Vec<String>,
    /// Whether it can help to ask providers for the host.
    pub(super) worth_asking: bool,
}

/// Looks for a better link, then for what is known about the host, then for a slip of the pen.
pub(super) fn instead(url: &Url, whitelist: &Whitelist, accepted: bool, not_listed: bool) -> Instead {
    let sentence = |why: String| vec![format!("{}.", capitalised(&why))];
    match rewrite(url) {
        Rewrite::To { url: better, why } => {
            return Instead {
                suggestion: Some(better.to_string()),
                notes: sentence(why),
                worth_asking: false,
            };
        }
        Rewrite::CannotWork { why } => return Instead { notes: sentence(why), ..Instead::default() },
        Rewrite::Fine => {}
    }
    if let Some(known) = advice(url).filter(|known| known.always || !accepted) {
        let mut notes: Vec<String> = known.sentences.into_iter().map(str::to_owned).collect();
        // An accepted URL looks as if all were well.
        if let Some(first) = notes.first_mut().filter(|_| accepted) {
            first.insert_str(0, "Careful: ");
        }
        return Instead {
            worth_asking: not_listed && known.instead.is_none(),
            suggestion: known.instead.as_ref().map(Url::to_string),
            notes,
        };
    }
    let repaired = repaired(url, whitelist);
    match (not_listed, repaired) {
        (false, _) => Instead::default(),
        (true, Some(repaired)) => Instead { suggestion: Some(repaired), ..Instead::default() },
        (true, None) => Instead {
            suggestion: None,
            notes: general_remedies().map(str::to_owned).into(),
            worth_asking: true,
        },
    }
}

/// The URL with the host that was probably meant.
fn repaired(url: &Url, whitelist: &Whitelist) -> Option<String> {
    let mut repaired = url.clone();
    repaired.set_host(Some(&meant_host(whitelist, url.host_str()?)?)).ok()?;
    Some(repaired.to_string())
}
