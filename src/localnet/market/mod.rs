//! The emulated market: providers as data, their offers, the constraint language, negotiation and pricing.
//!
//! May import `error` and `outbound`. Invariant: nothing here opens a socket, sleeps or reads a clock; time is
//! an argument, so that every outcome can be tested.

pub mod constraint;
pub mod faults;
pub mod glm;
pub mod market_file;
pub mod negotiation;
pub mod offer;
pub mod outbound_decision;
pub mod platform;
pub mod pricing;
pub mod properties;
pub mod provider;
pub mod recording;

pub use constraint::Constraint;
pub use faults::Faults;
pub use glm::Glm;
pub use market_file::MarketFile;
pub use outbound_decision::{OutboundDecision, ProviderPolicy};
pub use provider::Provider;
