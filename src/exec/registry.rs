//! What pip, uv and apt-get say when packages cannot be had: whose doing it is, and the text without credentials.
//!
//! May import `error`. Pure. Invariant: nothing leaves here with a user name or password in a URL.

use crate::error::{Error, ErrorKind, FREE_SOME_SPACE};

use super::capture::tail;

/// Words by which pip, uv and apt-get say that a registry did not answer.
const UNREACHABLE: [&str; 22] = [
    "error sending request",
    "failed to fetch",
    "dns error",
    "failed to lookup address",
    "temporary failure in name resolution",
    "temporary failure resolving",
    "could not resolve",
    "name or service not known",
    "connection refused",
    "could not connect",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "timed out",
    "timeout was reached",
    "newconnectionerror",
    "max retries exceeded",
    "retrying (retry(",
    "failed to download",
    "could not fetch url",
    "certificate verify failed",
    "tls handshake",
];

/// Turns the output of an installer that failed into an error.
///
/// `doing` says what was tried, for example ``failed to install `requirements.lock` with uv``; `disk_is_full` is what was
/// seen afterwards, because some programs do not say it.
pub fn failure(doing: &str, output: &str, disk_is_full: bool) -> Error {
    let output = redact(&console::strip_ansi_codes(output));
    let words = output.to_lowercase();
    let message = |cause: &str| {
        // pip begins with every line of the lock that another Python would need.
        let telling: Vec<&str> = output.lines().filter(|line| !line.starts_with("Ignoring ")).collect();
        let end = tail(&telling.join("\n"), 6);
        if end.is_empty() { format!("{doing}: {cause}") } else { format!("{doing}: {cause}\n{end}") }
    };
    let says = |word: &str| words.contains(word);
    if disk_is_full || says("no space left on device") || says("not enough free space") {
        Error::machine(message("the disk is full")).hint(FREE_SOME_SPACE)
    } else if says("do not match the hashes") || says("hash mismatch") || says("hashsum mismatch") {
        Error::new(ErrorKind::Failed, message("the registry serves other files than the lock names"))
            .hint("nothing was installed; ask whoever runs your package registry")
    } else if UNREACHABLE.iter().any(|word| says(word)) {
        Error::new(ErrorKind::Inconclusive, message("the package registry cannot be reached"))
            .hint("try the same command again when the network is back")
            .hint(
                "or install from a folder of wheels that another machine filled by `pip download -r \
                 requirements.lock -d wheels`: `UV_FIND_LINKS=wheels UV_NO_INDEX=1` for uv, \
                 `PIP_FIND_LINKS=wheels PIP_NO_INDEX=1` for pip",
            )
    } else {
        Error::machine(message("it ended with an error"))
    }
}

/// `text` with `***` in place of user names and passwords of URLs.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c == '/' || c.is_whitespace() || "\"'`<>)".contains(c));
        let authority = &after[..end.unwrap_or(after.len())];
        rest = match authority.rfind('@') {
            Some(at) => {
                clean.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_urls_are_hidden_and_the_rest_is_kept() {
        assert_eq!(
            redact("at https://me:se@cret@host/simple and http://host/a@b, ssh://u@h"),
            "at https://***@host/simple and http://host/a@b, ssh://***@h"
        );
    }

    #[test]
    fn a_registry_that_does_not_answer_is_nobodys_fault() {
        for text in [
            "error: Failed to fetch: `https://u:p@host/simple/ray/`\n  Caused by: dns error",
            "WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: No matching distribution",
        ] {
            let error = failure("failed to install", text, false);
            assert_eq!(error.kind(), ErrorKind::Inconclusive, "{text}");
            assert!(!error.to_string().contains("u:p"), "{error}");
            assert!(error.hints()[0].contains("again"));
        }
    }

    #[test]
    fn other_failures_keep_their_own_kind_and_words() {
        let kind = |text: &str| failure("x", text, false).kind();
        assert_eq!(kind("OSError: [Errno 28] No space left on device"), ErrorKind::Machine);
        assert!(failure("x", "it broke", true).message().starts_with("x: the disk is full"));
        assert_eq!(kind("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM"), ErrorKind::Failed);
        assert_eq!(
            failure("failed to install", "\u{1b}[31mboom\u{1b}[0m", false).to_string(),
            "failed to install: it ended with an error\nboom"
        );
    }
}
