//! ray-on-golem's logs, which outlive the localnet: they hold ssh's command lines, and those hold the app-key.
//!
//! May import nothing. Invariant: when a localnet has ended in an orderly way, and before the next one starts, no app-key
//! stands in a log.

use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::Regex;

static APP_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(Bearer )[^\s'"\\\[]+"#).expect("the pattern is constant"));

/// Takes the app-keys out of the logs in a folder. To be called when nobody writes to them. A log that cannot be read or
/// written stays as it is, behind a folder that only its owner may enter: it does not keep a localnet from ending.
pub fn forget_app_keys(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let logs = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(".log"));
    for path in logs {
        let Ok(text) = std::fs::read(&path) else { continue };
        if APP_KEY.is_match(&text) {
            let _ = std::fs::write(&path, APP_KEY.replace_all(&text, &b"${1}[redacted]"[..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_all_but_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("webserver_debug.log");
        std::fs::write(&log, "ssh -H=Authorization:'Bearer 0a1b' root@\nBearer \"x\n").unwrap();
        forget_app_keys(folder.path());
        let expected = "ssh -H=Authorization:'Bearer [redacted]' root@\nBearer \"x\n";
        assert_eq!(std::fs::read_to_string(&log).unwrap(), expected);
    }
}
