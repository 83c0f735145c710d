//! Command-line and end-to-end tests: one binary, so that the crate is linked once.

mod cluster_file;
mod python_env;
mod script;
mod template;
