//! What the support file leaves out beyond what no reader of a walk may see: the keys of Dropbox links, the home folder.

use std::sync::LazyLock;

use regex::Regex;

use crate::runner::redacted;

/// Whoever has a link with its key can read the file. A walk's own report keeps it, because its reader has to compare
/// URLs; a file for strangers does not.
static LINK_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(rlkey=)[^&#\s\x22']+").expect("the pattern is constant"));

/// The text without secrets, and with `~` for the home folder.
pub fn for_others(text: &str, home: Option<&str>) -> String {
    let text = redacted(&console::strip_ansi_codes(text));
    let text = LINK_KEY.replace_all(&text, "$1[redacted]");
    match home.filter(|home| home.len() > 1) {
        Some(home) => text.replace(home, "~"),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_the_rest_stays() {
        for (text, expected) in [
            ("-H=Authorization:'Bearer k3y' x", "-H=Authorization:'Bearer [redacted]' x"),
            ("YAGNA_APPKEY=\u{1b}[1mabc123\u{1b}[0m ray up", "YAGNA_APPKEY=[redacted] ray up"),
            ("https://dl.x/f?rlkey=s3cret&dl=0#a", "https://dl.x/f?rlkey=[redacted]&dl=0#a"),
            ("https://me:pa55@proxy:80/", "https://me:[redacted]@proxy:80/"),
            ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\nxx", "a\n[redacted]\n"),
            ("wallet 0x1234 on holesky", "wallet 0x1234 on holesky"),
            ("/home/ann/p", "~/p"),
        ] {
            assert_eq!(for_others(text, Some("/home/ann")), expected);
        }
    }
}
