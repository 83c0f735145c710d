//! What a walk's reports begin with: when, with which versions, on which cluster file, with which manifest.
//!
//! Invariant: nothing is run and nothing is asked for it, so that it costs a few milliseconds.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::commands::check;
use crate::content::whitelist_store::Store;
use crate::event::{About, Version};
use crate::exec::installed::{self, Package};
use crate::runner::{Project, redacted};

/// What is known of the walk of this project before it begins.
pub(super) fn about(project: &Project) -> About {
    let started =
        OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or_else(|_| OffsetDateTime::now_utc());
    About {
        started: started.format(&Rfc3339).unwrap_or_default(),
        cluster_file: redacted(&project.cluster_file),
        manifest: check::sent_manifest(&project.cluster),
    }
}

/// The versions of what takes part, as far as the disk tells: those of the environment only once it is there.
pub(super) fn versions(project: &Project) -> Vec<Version> {
    let known = |of: &str, is: String| Version { of: of.to_owned(), is };
    let (_, whitelist) = Store::of_user().in_force();
    let mut versions = vec![
        known("golem-outbound", env!("CARGO_PKG_VERSION").to_owned()),
        known("whitelist", whitelist.date),
    ];
    let packages = installed::packages(&project.folder.join("venv"), &["ray-on-golem", "ray"]);
    versions.extend(packages.into_iter().map(|Package { name, version }| Version { of: name, is: version }));
    versions
}
