//! Command-line and end-to-end tests: one binary, so that the crate is linked once.

mod add;
mod check;
mod cluster_file;
mod commands;
mod corpus;
mod docs;
mod doctor;
mod egress;
mod environment;
mod explain;
mod findings;
mod fuzz;
mod guard;
mod manifest;
mod python_env;
mod questions;
mod report;
mod rooms;
mod sandbox;
mod script;
mod secrets;
mod ssh;
mod template;
mod walk;
mod whitelist;
mod yagna;
