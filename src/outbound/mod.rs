//! Url, share links, whitelist, rules, manifest, runtime filter.
