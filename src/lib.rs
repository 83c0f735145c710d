//! `golem-outbound`: scaffold, run and check the tutorial *Internet access from Ray on Golem*.
//!
//! Data flows one way: a template becomes a project, a project is loaded as a tutorial and a cluster file, a plan
//! says what is next, a network gives the environment, a step runs and leaves evidence, checks turn evidence into
//! verdicts, verdicts fold into outcomes and outcomes into a report. See `docs/architecture.md` for the code map;
//! `tests/it/rooms.rs` holds the table of which room may import which.

pub mod error;

pub mod ownership;

pub mod diagnostic;

pub mod evidence;

pub mod event;

pub mod outbound;

pub mod cluster;

pub mod tutorial;

pub mod content;

pub mod exec;

pub mod scaffold;

pub mod localnet;

pub mod network;

pub mod runner;

pub mod report;

pub mod commands;

pub mod cli;
