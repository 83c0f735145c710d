//! Content sources, CID verification, the store of the mirror.
