//! The walk: session, progress, teardown.
