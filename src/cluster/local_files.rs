//! Files of this machine that `ray up` opens.
//!
//! May import its siblings. Invariant: whether a file is there is for the caller to say; this room does not look.

use super::document::{Cursor, Document};
use crate::diagnostic::Diagnostic;

/// Findings about files that are not there. `exists` is asked for paths as they are written, `~` and all.
///
/// Ray opens the keys of `auth` before it requests the head node, and hashes what `file_mounts` names when the node is
/// rented already (`hash_launch_conf`, `hash_runtime_conf`; `ray/autoscaler/_private/commands.py:743,796`).
pub fn local_file_findings(text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut look = |cursor: &Cursor<'_>, consequence: &str, help: &str| {
        if let Some(path) = cursor.value.as_str().filter(|path| !exists(path)) {
            let message = format!("`{path}` is not there: {consequence}");
            findings.push(cursor.mark(Diagnostic::error("local-file-missing", message).help(help)));
        }
    };
    for key in ["ssh_private_key", "ssh_public_key"] {
        if let Some(cursor) = document.at(&["auth", key]) {
            look(&cursor, "`ray up` stops at once", "leave the key out: ray-on-golem makes one by itself");
        }
    }
    for (remote, cursor) in document.at(&["file_mounts"]).map(|mounts| mounts.entries()).unwrap_or_default() {
        let help = format!("the path on the nodes comes first: `\"{remote}\": \"PATH ON THIS MACHINE\"`");
        look(&cursor, "`ray up` breaks when the head node is already rented", &help);
    }
    findings
}
