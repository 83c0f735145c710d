//! The localnet's yagna beside the real one: the same requests and commands to both, and the same offers and demands to
//! both markets. What differs is listed in `differences.yaml` and in `docs/localnet.md`, or it is a defect.
//!
//! The real one is the yagna of golem-node that comes with ray-on-golem. It runs offline: each of its processes is on
//! loopback, the only chain is a stub, and where two of them trade, the one is the other's network.

mod chain;
mod client;
mod commands;
mod comparison;
mod corpus;
mod differences;
mod matching;
mod newer;
mod oracle;
mod requests;
