//! Command-line and end-to-end tests: one binary, so that the crate is linked once.

mod doctor;
mod egress;
mod environment;
mod guard;
mod rooms;
mod sandbox;
mod ssh;
