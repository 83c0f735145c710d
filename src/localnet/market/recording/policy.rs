//! A provider's policy behind the reason that it gave.
//!
//! May import its parent and siblings. Invariant: a provider with the policy of a reason gives that reason.

use super::Asked;
use crate::outbound::OutboundRequest;
use crate::outbound::rules::{Rules, decide};
use crate::outbound::whitelist::Whitelist;

/// How a provider answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Policy {
    /// As installed.
    #[default]
    Default,
    /// Lets everyone reach everything.
    All,
    /// Hosts are missing on its whitelist.
    NotWhitelisted,
    /// The rule for everyone is disabled.
    RuleDisabled,
    /// Outbound is disabled.
    OutboundDisabled,
    /// Never answers.
    Silent,
    /// Has an agreement already.
    Busy,
    /// Enters no agreement that is longer, in hours.
    Expiration(u64),
    /// Rejects in these words, whatever is behind them.
    Words(String),
}

const NOT_WHITELISTED: &str = "Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule \
                               requires manifest signature ; Partner rule requires node descriptor ;";
const RULE_DISABLED: &str = "Outbound rejected because: Everyone rule is disabled ; Audited-Payload rule requires \
                             manifest signature ; Partner rule requires node descriptor ;";
/// What is the requestor's own doing, and why.
const REQUESTORS: [(&str, &str); 2] = [
    ("Failed to send proposal response!", "an answer of the requestor's own yagna"),
    ("No common payment platform!", "the requestor's own rejection"),
];

impl Policy {
    /// The policy behind a reason, or what the reason is if it is not a provider's.
    pub fn of_reason(reason: &str) -> Result<Self, &'static str> {
        let reason = reason.trim();
        if let Some((_, why)) = REQUESTORS.iter().find(|(start, _)| reason.starts_with(start)) {
            return Err(why);
        }
        Ok(match reason {
            NOT_WHITELISTED => Self::NotWhitelisted,
            RULE_DISABLED => Self::RuleDisabled,
            "outbound is disabled" => Self::OutboundDisabled,
            "Failed to receive proposal response!" => Self::Silent,
            "No capacity available. Reached Agreements limit: 1" => Self::Busy,
            // The separator at the end is yagna's, and blanks at a line's end are lost on the way here.
            _ if reason.starts_with("Outbound rejected because: ") && reason.ends_with(" ;") => {
                Self::Words(format!("{reason} "))
            }
            _ => longest(reason).map_or_else(|| Self::Words(reason.to_owned()), Self::Expiration),
        })
    }

    /// Whether it is about what a node may reach.
    pub fn is_outbound(&self) -> bool {
        matches!(self, Self::NotWhitelisted | Self::RuleDisabled | Self::OutboundDisabled)
    }

    /// What providers are called that have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Default | Self::All => "accepting",
            Self::NotWhitelisted => "not-whitelisted",
            Self::RuleDisabled => "rule-disabled",
            Self::OutboundDisabled => "outbound-disabled",
            Self::Silent => "silent",
            Self::Busy => "busy",
            Self::Expiration(_) => "short-agreements",
            Self::Words(_) => "otherwise-rejecting",
        }
    }
}

/// The hours in `… or more than 1day 10h from now`, if it is whole hours.
fn longest(reason: &str) -> Option<u64> {
    let (_, rest) = reason.strip_prefix("Proposal expires at: ")?.split_once(" or more than ")?;
    let words = rest.strip_suffix(" from now")?;
    let mut hours = 0_u64;
    for word in words.split(' ') {
        let unit = word.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let number: u64 = word[..word.len() - unit.len()].parse().ok()?;
        hours = hours.checked_add(match unit {
            "day" | "days" => number.checked_mul(24)?,
            "h" => number,
            _ => return None,
        })?;
    }
    Some(hours)
}

/// Whether the default whitelist lets the demand's URLs through; nothing if it is not known what they are.
pub(super) fn default_accepts(asked: &Asked) -> Option<bool> {
    let request = OutboundRequest::Urls(asked.urls.clone()?);
    Some(decide(&Rules::default(), &Whitelist::snapshot(), &request).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yagna_says_is_a_setting_and_everything_else_is_words() {
        let of = |reason: &str| Policy::of_reason(reason).unwrap();
        let late = "Proposal expires at: 2027-11-22 06:20:04 UTC which is less than 5m or more than ";
        assert_eq!(of(&format!("{late}1day 10h from now")), Policy::Expiration(34));
        assert_eq!(of(&format!("{late}30m from now")), Policy::Words(format!("{late}30m from now")));
        let busy = "No capacity available. Reached Agreements limit: ";
        assert_eq!(of(&format!("{busy}1")), Policy::Busy);
        assert_eq!(of(&format!("{busy}4")), Policy::Words(format!("{busy}4")));
        assert_eq!(
            of("Outbound rejected because: x ;"),
            Policy::Words("Outbound rejected because: x ; ".into())
        );
        assert!(Policy::of_reason("Failed to send proposal response! 400: [***]").is_err());
    }
}
