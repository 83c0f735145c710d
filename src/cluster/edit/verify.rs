//! Whether an edited cluster file says what the old one said and the new origins.
//!
//! May import the cluster room's document. Invariant: what cannot be read is not right.

use serde_yaml::Value;

use super::super::document::Document;

/// Whether `after` is `before` with the items at the end of one or more `outbound_urls`, and with nothing else changed.
pub(super) fn says_only(before: &str, after: &str, items: &[String]) -> bool {
    let (Ok(before), Ok(after)) = (Document::parse(before), Document::parse(after)) else { return false };
    let (mut before, mut after) = (before.root().value.clone(), after.root().value.clone());
    let (old, new) = (take_lists(&mut before), take_lists(&mut after));
    let grown = |old: &Vec<Value>, new: &Vec<Value>| {
        new.len() == old.len() + items.len()
            && new.starts_with(old)
            && new[old.len()..].iter().zip(items).all(|(value, item)| value.as_str() == Some(item))
    };
    let pairs: Vec<(Vec<Value>, Vec<Value>)> = old.into_iter().zip(new).collect();
    before == after
        && pairs.iter().all(|(old, new)| old == new || grown(old, new))
        && pairs.iter().any(|(old, new)| grown(old, new))
}

/// Takes all lists out, the common one first, then one for each node type; none is an empty one. Mappings that held
/// nothing else go with them, so that one which was made for the list makes no difference.
fn take_lists(root: &mut Value) -> Vec<Vec<Value>> {
    let mut lists =
        vec![take(root.get_mut("provider"), &["parameters", "node_config", "demand", "outbound_urls"])];
    let types = root.get_mut("available_node_types").and_then(Value::as_mapping_mut);
    for (_, node_type) in types.into_iter().flatten() {
        lists.push(take(Some(node_type), &["node_config", "demand", "outbound_urls"]));
    }
    lists
}

fn take(value: Option<&mut Value>, path: &[&str]) -> Vec<Value> {
    let Some((key, rest)) = path.split_first() else {
        return value.and_then(|value| value.as_sequence().cloned()).unwrap_or_default();
    };
    let Some(mapping) = value.and_then(Value::as_mapping_mut) else { return Vec::new() };
    let list = take(mapping.get_mut(*key), rest);
    let empty = match mapping.get(*key) {
        Some(Value::Mapping(mapping)) => mapping.is_empty(),
        Some(Value::Null) => true,
        Some(Value::Sequence(_)) => rest.is_empty(),
        _ => false,
    };
    if empty {
        mapping.remove(*key);
    }
    list
}
