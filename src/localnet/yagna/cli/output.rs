//! What yagna's commands print.
//!
//! May import `error`, `localnet::{control, market}`. Invariant: JSON on stdout is what ray-on-golem parses
//! (`server/services/yagna.py`).

use serde_json::{Value, json};

use super::super::api::current_version;
use super::table::Table;
use crate::error::{Error, Result};
use crate::localnet::control::{AppKey, PaymentStatus, Reply};
use crate::localnet::market::platform::{DEFAULT_NETWORK, DRIVER, NETWORKS};

/// What every app-key may do.
const ROLE: &str = "manager";

/// Prints an answer.
pub(super) fn print(reply: &Reply, as_json: bool) -> Result<()> {
    match (reply, as_json) {
        (Reply::AppKeys(keys), true) => println!("{:#}", keys_json(keys)),
        (Reply::AppKeys(keys), false) => println!("{}", keys_table(keys)),
        (Reply::Payment(status), true) => println!("{:#}", payment_json(status)),
        (Reply::Payment(status), false) => println!("{}", payment_text(status)),
        (Reply::PaymentDrivers(drivers), true) => println!("{drivers:#}"),
        (Reply::PaymentDrivers(_), false) => println!("{}\n(simulated)", drivers_table()),
        (Reply::Identity(id), true) => println!("{:#}", identities_json(id)),
        (Reply::Identity(id), false) => println!("{}\n(simulated)", identities_table(id)),
        (other, _) => return Err(unexpected(other)),
    }
    Ok(())
}

/// The key alone, as `app-key create` prints it.
pub(super) fn created_key(reply: &Reply, as_json: bool) -> Result<()> {
    let Reply::AppKeys(keys) = reply else { return Err(unexpected(reply)) };
    for AppKey { key, .. } in keys {
        if as_json { println!("{}", json!(key)) } else { println!("{key}") }
    }
    Ok(())
}

/// `id show`.
pub(super) fn identity(reply: &Reply, as_json: bool) -> Result<()> {
    let Reply::Identity(id) = reply else { return Err(unexpected(reply)) };
    if as_json {
        let shown =
            json!({"alias": null, "deleted": false, "isDefault": true, "isLocked": false, "nodeId": id});
        println!("{:#}", json!({"Ok": shown}));
    } else {
        println!(
            "Ok:\n  alias: null\n  deleted: false\n  isDefault: true\n  isLocked: false\n  nodeId: {id}\n"
        );
        println!("(simulated)");
    }
    Ok(())
}

/// `version show`.
pub(super) fn version(as_json: bool) {
    if as_json {
        println!("{:#}", json!({"current": current_version(), "pending": null}));
    } else {
        println!("Your Yagna is simulated by the localnet: Version {}", env!("CARGO_PKG_VERSION"));
    }
}

/// `payment fund`.
pub(super) fn funded(reply: &Reply) -> Result<()> {
    let Reply::Payment(status) = reply else { return Err(unexpected(reply)) };
    println!("Received {} {} from the faucet (simulated)", status.amount, status.token);
    Ok(())
}

fn unexpected(reply: &Reply) -> Error {
    Error::internal(format!("failed to understand the localnet's answer `{reply:?}`"))
}

fn keys_json(keys: &[AppKey]) -> Value {
    let shown = |key: &AppKey| json!({"name": key.name, "key": key.key, "id": key.id, "role": ROLE, "created": key.created});
    keys.iter().map(shown).collect()
}

fn keys_table(keys: &[AppKey]) -> Table {
    let mut table = Table::new(["name", "key", "id", "role", "created"]);
    for AppKey { name, key, id, created } in keys {
        table.row([name.clone(), key.clone(), id.clone(), ROLE.to_owned(), created.clone()]);
    }
    table
}

fn identities_json(id: &str) -> Value {
    json!([{"default": true, "locked": false, "delete in progress": false, "alias": null, "address": id}])
}

fn identities_table(id: &str) -> Table {
    let mut table = Table::new(["default", "locked", "delete in progress", "alias", "address"]);
    table.row(["X".into(), String::new(), String::new(), String::new(), id.to_owned()]);
    table
}

fn drivers_table() -> Table {
    let mut table = Table::new(["driver", "network", "default?", "token", "platform"]);
    for network in NETWORKS {
        let default = if network.name == DEFAULT_NETWORK { "X" } else { "" };
        let [name, token] = [network.name, network.token].map(str::to_owned);
        table.row([DRIVER.into(), name, default.into(), token, network.platform()]);
    }
    table
}

fn payment_json(status: &PaymentStatus) -> Value {
    let flows = || {
        let none = json!({"agreementsCount": 0, "totalAmount": "0"});
        json!({"accepted": none, "confirmed": none, "requested": none})
    };
    json!({
        "amount": status.amount,
        "reserved": status.reserved,
        "token": status.token,
        "driver": DRIVER,
        "network": status.network,
        "block_datetime": "1970-01-01T00:00:00Z",
        "block_number": 0,
        "gas": {"balance": "0", "currency_long_name": "simulated", "currency_short_name": gas(status)},
        "incoming": flows(),
        "outgoing": flows(),
    })
}

fn gas(status: &PaymentStatus) -> &'static str {
    match status.network.as_str() {
        "polygon" | "amoy" | "mumbai" => "MATIC",
        _ if status.token == "tGLM" => "tETH",
        _ => "ETH",
    }
}

fn payment_text(status: &PaymentStatus) -> String {
    let PaymentStatus { platform, network, token, amount, reserved } = status;
    let mut table =
        Table::new(["platform", "total amount", "reserved", "amount", "incoming", "outgoing", "gas"]);
    let none = || format!("0 {token}");
    table.row([
        format!("driver: {DRIVER}"),
        format!("{} {token}", rounded(amount)),
        format!("{reserved} {token}"),
        "accepted".into(),
        none(),
        none(),
        format!("0.0000 {}", gas(status)),
    ]);
    let nothing = String::new;
    for (part, name) in
        [(format!("network: {network}"), "confirmed"), (format!("token: {token}"), "requested")]
    {
        table.row([part, nothing(), nothing(), name.into(), none(), none(), nothing()]);
    }
    format!("\nStatus of {platform} (simulated: no payment leaves this machine)\n\n{table}")
}

/// Four decimals, cut off and filled up, for people.
fn rounded(amount: &str) -> String {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(4).collect();
    format!("{whole}.{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> PaymentStatus {
        PaymentStatus {
            platform: "erc20-holesky-tglm".into(),
            network: "holesky".into(),
            token: "tGLM".into(),
            amount: "999.99996461".into(),
            reserved: "5".into(),
        }
    }

    #[test]
    fn the_payment_table_is_a_table_and_says_simulated() {
        insta::assert_snapshot!(payment_text(&status()), @r"

        Status of erc20-holesky-tglm (simulated: no payment leaves this machine)

        ┌────────────────────┬─────────────────┬────────────┬─────────────┬────────────┬────────────┬───────────────┐
        │  platform          │  total amount   │  reserved  │  amount     │  incoming  │  outgoing  │  gas          │
        ├────────────────────┼─────────────────┼────────────┼─────────────┼────────────┼────────────┼───────────────┤
        │  driver: erc20     │  999.9999 tGLM  │  5 tGLM    │  accepted   │  0 tGLM    │  0 tGLM    │  0.0000 tETH  │
        │  network: holesky  │                 │            │  confirmed  │  0 tGLM    │  0 tGLM    │               │
        │  token: tGLM       │                 │            │  requested  │  0 tGLM    │  0 tGLM    │               │
        └────────────────────┴─────────────────┴────────────┴─────────────┴────────────┴────────────┴───────────────┘
        ");
    }

    #[test]
    fn json_has_what_ray_on_golem_reads() {
        assert_eq!(payment_json(&status())["amount"], "999.99996461");
        assert_eq!(payment_json(&status())["token"], "tGLM");
        assert_eq!(identities_json("0x1")[0]["address"], "0x1");
        assert_eq!(identities_json("0x1")[0]["default"], true);
    }
}
