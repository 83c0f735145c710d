//! Command-line and end-to-end tests: one binary, so that the crate is linked once.

mod check;
mod cluster_file;
mod commands;
mod docs;
mod doctor;
mod egress;
mod environment;
mod findings;
mod guard;
mod python_env;
mod rooms;
mod sandbox;
mod script;
mod ssh;
mod template;
mod walk;
mod yagna;
