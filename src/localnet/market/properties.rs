//! Properties of offers and demands: one flat map from dotted names to JSON values.
//!
//! May import nothing of the house. Invariant: names are flat; a nested object that a client sends is flattened as yagna
//! does it (`core/market/src/protocol`, `flatten_value`).

use serde_json::{Map, Value};

/// Flat properties.
pub type Properties = Map<String, Value>;

/// When the demand's work must be over, in milliseconds since the epoch.
pub const EXPIRATION: &str = "golem.srv.comp.expiration";
/// The computation payload manifest, in base64.
pub const MANIFEST: &str = "golem.srv.comp.payload";
/// The subnet of a demand or an offer.
pub const SUBNET: &str = "golem.node.debug.subnet";
/// How often debit notes are sent, in seconds.
pub const DEBIT_NOTE_INTERVAL: &str = "golem.com.scheme.payu.debit-note.interval-sec?";
/// How long a payable debit note may wait for its payment, in seconds.
pub const PAYMENT_TIMEOUT: &str = "golem.com.scheme.payu.payment-timeout-sec?";
/// Within how many seconds the requestor promises to accept a debit note.
pub const DEBIT_NOTE_ACCEPT_TIMEOUT: &str = "golem.com.payment.debit-notes.accept-timeout?";
/// The payment platform that both sides agreed on.
pub const CHOSEN_PLATFORM: &str = "golem.com.payment.chosen-platform";

/// Within an object, the value of the object's own name: `{"a": {"@tag": 1, "b": 2}}` is `a` and `a.b`.
const TAG: &str = "@tag";

/// Flattens nested objects: `{"a": {"b": 1}}` becomes `{"a.b": 1}`; arrays stay values. What is no object at all becomes
/// a property without a name.
pub fn flatten(properties: Value) -> Properties {
    let mut flat = Properties::new();
    flatten_into(&mut flat, String::new(), properties);
    flat
}

fn flatten_into(flat: &mut Properties, name: String, value: Value) {
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                if key == TAG {
                    flat.insert(name.clone(), value);
                    continue;
                }
                let inner_name = if name.is_empty() { key } else { format!("{name}.{key}") };
                flatten_into(flat, inner_name, value);
            }
        }
        value => {
            flat.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_objects_become_dotted_names() {
        let nested = json!({"golem": {"node": {"debug.subnet": "public"}}, "list": [1]});
        assert_eq!(Value::Object(flatten(nested)), json!({"golem.node.debug.subnet": "public", "list": [1]}));
        let tagged = json!({"a": {"@tag": 1, "b": 2}, "none": {}});
        assert_eq!(Value::Object(flatten(tagged)), json!({"a": 1, "a.b": 2}));
        assert_eq!(Value::Object(flatten(json!([1]))), json!({"": [1]}));
    }
}
