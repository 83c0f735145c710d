//! What happens to a node while it runs: once, after some time or at a step of a walk.
//!
//! May import nothing of the house. Invariant: a fault without a moment, or with two, is refused.

use serde::Deserialize;

/// Something that happens to one node, once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Entry")]
pub struct NodeFault {
    /// What happens.
    pub what: Mishap,
    /// When.
    pub when: Moment,
    /// To which node.
    pub node: Victim,
}

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mishap {
    /// The machine is gone, without a goodbye.
    Killed,
    /// The machine runs on, but nothing gets to it through the VPN any more.
    Unreachable,
}

/// When it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So many seconds after the first node was ready.
    After(u32),
    /// When a walk begins this step.
    At(String),
}

/// Which node it happens to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Victim {
    /// The one that was ready first.
    Head,
    /// The one that was ready last; the head if there is no other.
    #[default]
    Worker,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    what: Mishap,
    after: Option<u32>,
    at: Option<String>,
    #[serde(default)]
    node: Victim,
}

impl TryFrom<Entry> for NodeFault {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let when = match (entry.after, entry.at) {
            (Some(seconds), None) => Moment::After(seconds),
            (None, Some(step)) => Moment::At(step),
            _ => return Err("a node's fault needs one moment: after (seconds) or at (a step)".into()),
        };
        Ok(Self { what: entry.what, when, node: entry.node })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_one_moment() {
        let fault: NodeFault = serde_yaml::from_str("{what: killed, after: 30}").unwrap();
        assert_eq!(fault, NodeFault { what: Mishap::Killed, when: Moment::After(30), node: Victim::Worker });
        let fault: NodeFault =
            serde_yaml::from_str("{what: unreachable, at: ray-submit, node: head}").unwrap();
        assert_eq!(fault.when, Moment::At("ray-submit".into()));
        for yaml in
            ["{what: killed}", "{what: killed, after: 1, at: x}", "{after: 1}", "{what: sad, after: 1}"]
        {
            assert!(serde_yaml::from_str::<NodeFault>(yaml).is_err(), "{yaml}");
        }
    }
}
