//! Allocations: what a requestor asks for, what it is told, and why it is refused.
//!
//! May import `localnet::market`. Invariant: an amount is shown as it was written, trailing zeros included.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::exchange::Refusal;
use super::super::state::{Moment, now, rfc3339};
use crate::localnet::market::Glm;
use crate::localnet::market::platform::{DEFAULT_NETWORK, DRIVER, NETWORKS, PaymentNetwork};

/// An amount and how the client wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Amount {
    pub glm: Glm,
    text: String,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountReader)
    }
}

/// Refuses a text where it stands, so that the error names the same place as yagna's.
struct AmountReader;

impl Visitor<'_> for AmountReader {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or formatted decimal string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
        // yagna's words.
        let glm: Glm = text.parse().map_err(|_| E::custom("invalid digit found in string"))?;
        let written = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        Ok(Amount { glm, text: if written { text.to_owned() } else { glm.to_string() } })
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Amount, E> {
        self.visit_str(&number.to_string())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The body of `POST /allocations`; clients send more, which yagna does not read either.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewAllocation {
    address: Option<String>,
    payment_platform: Option<String>,
    pub total_amount: Amount,
    pub timeout: Option<Moment>,
    make_deposit: bool,
}

/// The body of `POST /invoices/I/accept` and of its like for debit notes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acceptance {
    pub total_amount_accepted: Amount,
    pub allocation_id: String,
}

impl NewAllocation {
    /// The platform that it names, or the default one.
    pub fn platform(&self) -> Result<String, Refusal> {
        let default = || PaymentNetwork::find(DEFAULT_NETWORK).map(|network| network.platform());
        let platform = self.payment_platform.clone().or_else(default).unwrap_or_default();
        match platform.split('-').count() {
            3 => Ok(platform),
            _ => Err(self.bad_platform(
                &platform,
                &format!("paymentPlatform must be of the form driver-network-token instead of {platform}"),
            )),
        }
    }

    /// There is no such platform.
    pub fn unknown_platform(&self, platform: &str) -> Refusal {
        let mut parts = platform.split('-');
        let (driver, network) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let token = parts.next().unwrap_or_default();
        let error = if driver != DRIVER {
            format!("Validate driver failed (2): Invalid driver name {driver}")
        } else if !NETWORKS.iter().any(|known| known.name == network) {
            format!("Validate network failed (2): Invalid network name: {network}")
        } else {
            let known = NETWORKS.iter().find(|known| known.name == network);
            let expected = known.map(|known| known.token.to_lowercase()).unwrap_or_default();
            format!(
                "Validate token failed (2): Token {token} does not match expected token {expected} for driver {driver} \
                 and network {network}. Note that for test networks expected token name is tglm and for production \
                 networks it is glm"
            )
        };
        self.bad_platform(platform, &error)
    }

    fn bad_platform(&self, platform: &str, error: &str) -> Refusal {
        Refusal::Problem(json!({
            "type": "/payment-api/v1/allocations/bad-payment-platform",
            "detail": "Payment platform doesn't parse",
            "parseError": error,
            "requestBody": self.to_json(),
            "requestedPaymentPlatform": platform,
        }))
    }

    /// It would end before it begins.
    pub fn timeout_passed(&self, platform: &str, identity: &str) -> Refusal {
        let mut problem = self.invalid("timeout-passed", "Requested allocation timeout is in the past");
        problem["address"] = identity.into();
        problem["paymentPlatform"] = platform.into();
        let timeout = self.timeout.map(|timeout| timeout.to_string().replace('Z', "+00:00"));
        problem["requestedTimeout"] = timeout.into();
        Refusal::Problem(problem)
    }

    /// It asks for more than there is.
    pub fn insufficient_funds(
        &self,
        platform: &str,
        identity: &str,
        available: Glm,
        reserved: Glm,
    ) -> Refusal {
        let mut problem = self.invalid(
            "insufficient-account-funds",
            "Insufficient funds to create the allocation. Top up your account or release all existing allocations \
             to unlock the funds via `yagna payment release-allocations`",
        );
        problem["address"] = identity.into();
        problem["availableFunds"] = available.to_string().into();
        problem["paymentPlatform"] = platform.into();
        problem["requestedFunds"] = self.total_amount.to_string().into();
        problem["reservedFunds"] = reserved.to_string().into();
        Refusal::Problem(problem)
    }

    fn invalid(&self, instance: &str, detail: &str) -> Value {
        let kind = "/payment-api/v1/allocations/validation-error";
        json!({
            "type": kind,
            "detail": detail,
            "instance": format!("{kind}/{instance}"),
            "requestBody": self.to_json(),
        })
    }

    fn to_json(&self) -> Value {
        let mut body = json!({
            "address": self.address,
            "makeDeposit": self.make_deposit,
            "paymentPlatform": self.payment_platform,
            "totalAmount": self.total_amount.to_string(),
        });
        if let Some(timeout) = self.timeout {
            body["timeout"] = timeout.to_string().into();
        }
        body
    }
}

/// An amount set aside for payments.
#[derive(Clone, Debug)]
pub(super) struct Allocation {
    body: Value,
    pub made: OffsetDateTime,
    pub platform: String,
    total: Amount,
    pub spent: Glm,
}

impl Allocation {
    pub fn new(id: &str, request: NewAllocation, platform: String, identity: &str) -> Self {
        let made = now();
        let mut body = json!({
            "allocationId": id,
            "address": request.address.as_deref().unwrap_or(identity),
            "paymentPlatform": platform,
            "totalAmount": request.total_amount.to_string(),
            "timestamp": rfc3339(made),
            "makeDeposit": request.make_deposit,
        });
        if let Some(timeout) = request.timeout {
            body["timeout"] = timeout.to_string().into();
        }
        Self { body, made, platform, total: request.total_amount, spent: Glm::ZERO }
    }

    /// Spends all of it.
    pub fn exhaust(&mut self) {
        self.spent = self.total.glm;
    }

    /// What it has left.
    pub fn remaining(&self) -> Glm {
        self.total.glm.minus(self.spent)
    }

    pub fn to_json(&self) -> Value {
        let mut body = self.body.clone();
        body["spentAmount"] = self.spent.to_string().into();
        let untouched = self.spent == Glm::ZERO;
        let remaining = if untouched { self.total.to_string() } else { self.remaining().to_string() };
        body["remainingAmount"] = remaining.into();
        body
    }
}
