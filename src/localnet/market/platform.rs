//! Payment networks and their platforms, as the real yagna names them (`payment driver list`).
//!
//! May import nothing of the house. Invariant: every network is served alike, because no payment leaves the localnet.

use serde_json::{Value, json};

/// A payment network and its default token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentNetwork {
    /// As in `payment_network` of a cluster file.
    pub name: &'static str,
    /// The default token: `GLM`, on testnets `tGLM`.
    pub token: &'static str,
}

/// The only payment driver.
pub const DRIVER: &str = "erc20";

/// The network that yagna takes when none is named.
pub const DEFAULT_NETWORK: &str = "holesky";

/// Every network that yagna 0.16 and 0.17 know.
pub const NETWORKS: [PaymentNetwork; 9] = [
    PaymentNetwork { name: "amoy", token: "tGLM" },
    PaymentNetwork { name: "goerli", token: "tGLM" },
    PaymentNetwork { name: "holesky", token: "tGLM" },
    PaymentNetwork { name: "hoodi", token: "tGLM" },
    PaymentNetwork { name: "mainnet", token: "GLM" },
    PaymentNetwork { name: "mumbai", token: "tGLM" },
    PaymentNetwork { name: "polygon", token: "GLM" },
    PaymentNetwork { name: "rinkeby", token: "tGLM" },
    PaymentNetwork { name: "sepolia", token: "tGLM" },
];

impl PaymentNetwork {
    /// The network of that name.
    pub fn find(name: &str) -> Option<Self> {
        NETWORKS.into_iter().find(|network| network.name == name)
    }

    /// The platform's name in properties and allocations, for example `erc20-holesky-tglm`.
    pub fn platform(&self) -> String {
        format!("{DRIVER}-{}-{}", self.name, self.token.to_lowercase())
    }
}

/// The answer of `payment driver list --json`.
pub fn driver_list() -> Value {
    let networks: serde_json::Map<String, Value> = NETWORKS
        .iter()
        .map(|network| {
            let tokens = json!({network.token: network.platform()});
            (network.name.to_owned(), json!({"default_token": network.token, "tokens": tokens}))
        })
        .collect();
    json!({DRIVER: {"default_network": DEFAULT_NETWORK, "networks": networks, "recv_init_required": false}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_named_as_the_real_ones() {
        let platform = |name| PaymentNetwork::find(name).unwrap().platform();
        assert_eq!(platform("holesky"), "erc20-holesky-tglm");
        assert_eq!(platform("polygon"), "erc20-polygon-glm");
        assert_eq!(platform("mainnet"), "erc20-mainnet-glm");
        assert_eq!(platform("hoodi"), "erc20-hoodi-tglm");
        assert_eq!(PaymentNetwork::find("moonbase"), None);
    }

    #[test]
    fn the_driver_list_leads_to_the_platform_as_ray_on_golem_looks_it_up() {
        let list = driver_list();
        let network = &list["erc20"]["networks"]["polygon"];
        let token = network["default_token"].as_str().unwrap();
        assert_eq!(network["tokens"][token], "erc20-polygon-glm");
    }
}
