//! What yagna's commands print.
//!
//! May import `error`, `localnet::control`. Invariant: JSON on stdout is what ray-on-golem parses
//! (`server/services/yagna.py`).

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::localnet::control::{AppKey, PaymentStatus, Reply};

/// Prints an answer.
pub(super) fn print(reply: &Reply, as_json: bool) -> Result<()> {
    match (reply, as_json) {
        (Reply::AppKeys(keys), true) => println!("{}", keys_json(keys)),
        (Reply::AppKeys(keys), false) => keys.iter().for_each(|key| println!("{}  {}", key.key, key.name)),
        (Reply::Payment(status), true) => println!("{}", payment_json(status)),
        (Reply::Payment(status), false) => println!("{}", payment_table(status)),
        (Reply::PaymentDrivers(drivers), true) => println!("{drivers}"),
        (Reply::PaymentDrivers(drivers), false) => println!("{drivers:#}\n(simulated)"),
        (Reply::Identity(id), true) => println!("{}", identities_json(id)),
        (Reply::Identity(id), false) => {
            println!("default  locked  node id\nX                {id}  (simulated)")
        }
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
        println!("{}", json!({"Ok": {"nodeId": id, "alias": null, "isDefault": true, "isLocked": false}}));
    } else {
        println!("nodeId: {id} (simulated)");
    }
    Ok(())
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
    keys.iter()
        .map(|key| json!({"name": key.name, "key": key.key, "id": key.id, "role": "manager"}))
        .collect()
}

fn identities_json(id: &str) -> Value {
    json!([{"default": true, "locked": "", "alias": "", "address": id}])
}

fn payment_json(status: &PaymentStatus) -> Value {
    json!({
        "amount": status.amount,
        "reserved": status.reserved,
        "token": status.token,
        "driver": "erc20",
        "network": status.network,
    })
}

fn payment_table(status: &PaymentStatus) -> String {
    let PaymentStatus { platform, token, amount, reserved, .. } = status;
    let total = format!("{} {token}", rounded(amount));
    let reserved = format!("{} {token}", rounded(reserved));
    let width = platform.len().max(8);
    let line = format!("{}┼{}┼{}", "─".repeat(width + 2), "─".repeat(22), "─".repeat(22));
    format!(
        " {:width$} │ {:20} │ {:20}\n{line}\n {platform:width$} │ {total:20} │ {reserved:20}\n(simulated: no payment leaves this machine)",
        "platform", "total amount", "reserved"
    )
}

/// Four decimals, cut off, for people.
fn rounded(amount: &str) -> &str {
    let end = amount.find('.').map_or(amount.len(), |point| amount.len().min(point + 5));
    &amount[..end]
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
        insta::assert_snapshot!(payment_table(&status()), @r"
         platform           │ total amount         │ reserved            
        ────────────────────┼──────────────────────┼──────────────────────
         erc20-holesky-tglm │ 999.9999 tGLM        │ 5 tGLM              
        (simulated: no payment leaves this machine)
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
