//! Golem-cluster.yaml: typed view and findings.
