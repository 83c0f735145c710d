//! Command-line and end-to-end tests: one binary, so that the crate is linked once.

mod yagna;
