//! Secrets on their way into the support file.

use std::sync::LazyLock;

use regex::Regex;

/// What is taken out, and what stands in its place.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"(?i)(authorization:?[\s\\'\x22=]*(?:bearer|basic)\s+)[^'\x22\s\\]+", "$1[redacted]"),
        (r"(?i)(app_?-?key\w*[\x22']?\s*[:=]\s*[\x22']?)[^\s\x22',}]+", "$1[redacted]"),
        (
            r"(?i)((?:password|secret|token|passphrase)[\x22']?\s*[:=]\s*[\x22']?)[^\s\x22',}]+",
            "$1[redacted]",
        ),
        (
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
            "[redacted private key]",
        ),
        (r"(rlkey=)[^&#\s\x22']+", "$1[redacted]"),
        (r"(https?://)[^/\s:@]+:[^/\s@]+@", "$1[redacted]@"),
    ]
    .into_iter()
    .map(|(pattern, instead)| (Regex::new(pattern).expect("a test runs these patterns"), instead))
    .collect()
});

/// The text without secrets, and with `~` for the home folder.
pub fn redacted(text: &str, home: Option<&str>) -> String {
    let mut text = console::strip_ansi_codes(text).into_owned();
    for (secret, instead) in SECRETS.iter() {
        text = secret.replace_all(&text, *instead).into_owned();
    }
    match home.filter(|home| home.len() > 1) {
        Some(home) => text.replace(home, "~"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_the_rest_stays() {
        for (text, expected) in [
            ("-H=Authorization:'Bearer k3y' x", "-H=Authorization:'Bearer [redacted]' x"),
            ("YAGNA_APPKEY=abc123 ray up", "YAGNA_APPKEY=[redacted] ray up"),
            ("{\"app_key\": \"abc\", \"n\": 1}", "{\"app_key\": \"[redacted]\", \"n\": 1}"),
            ("https://dl.x/f?rlkey=s3cret&dl=0#a", "https://dl.x/f?rlkey=[redacted]&dl=0#a"),
            ("https://me:pw@proxy:80/", "https://[redacted]@proxy:80/"),
            ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\nxx", "a\n[redacted private key]"),
            ("wallet 0x1234 on holesky", "wallet 0x1234 on holesky"),
            ("/home/ann/p", "~/p"),
        ] {
            assert_eq!(redacted(text, Some("/home/ann")), expected);
        }
    }
}
