//! The Dropbox sample: a file that only the localnet's mirror has.
//!
//! May import nothing of the house. Invariant: its pinned hash in the template is the hash of [`BODY`].

/// What the script asks for.
pub const URL: &str = "https://dl.dropboxusercontent.com/scl/fi/golem-outbound-sample/hello.txt?rlkey=sample";

/// Where Dropbox serves files themselves.
pub const HOST: &str = "dl.dropboxusercontent.com";

/// The word by which the sample is recognised in a script.
pub const MARK: &str = "golem-outbound-sample";

/// What the mirror answers.
pub const BODY: &[u8] = b"Hello from Dropbox!\n";

/// The command, typed in the project's folder, that takes the sample out of the script.
pub const REMOVE: &str = "sed -i /golem-outbound-sample/d simple-outbound.py";

/// Whether a script still asks for the sample.
pub fn is_in(script: &str) -> bool {
    script.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(MARK))
}

/// The command, typed in the project's folder, that puts a link of one's own in the sample's place.
pub fn replace_with(link: &str) -> String {
    format!("golem-outbound add --replace-sample '{link}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_asks_for_it_counts() {
        assert!(is_in(&format!("DOWNLOADS = [\n    \"{URL}#sha256=00\",\n]\n")));
        assert!(!is_in("# the golem-outbound-sample was here\n"));
    }
}
