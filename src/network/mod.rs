//! The networks that a walk can run on.
