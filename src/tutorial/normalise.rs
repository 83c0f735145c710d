//! What differs from walk to walk, taken out of an output, so that two walks can be compared.
//!
//! May import nothing of the house. Invariant: a line stays one line, and what a reader would call a difference (counts,
//! URLs, names of steps and states) stays.

use std::sync::LazyLock;

use regex::Regex;

/// Patterns and what stands for them, in the order in which they are applied.
const PATTERNS: [(&str, &str); 16] = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"session_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d+_\d+", "<session>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (r"0x[0-9a-fA-F]{2,}", "<address>"),
    // Ray's and ray-on-golem's hashes; CIDs are base32 and stay, because the content is the same in every walk.
    (r"\b[0-9a-f]{10,64}\b", "<hash>"),
    (r"Bearer \S+", "Bearer <key>"),
    (r"\b192\.168\.\d+\.\d+\b", "<node>"),
    (r"(\b127\.0\.0\.1|\blocalhost|\b0\.0\.0\.0|<node>):\d+", "$1:<port>"),
    (r"\b\d\d:\d\d:\d\d up .*", "<uptime>"),
    (r"\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b", "<time>"),
    (r"\b(?:pid=|process |PID )\d+", "<process>"),
    (r"\+\d+(?:m\d+)?s\b", "+<duration>"),
    (r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds?|minutes?)\b", "<duration>"),
    // Providers are drawn anew in every walk.
    (r"\bprovider: [a-z]+-[a-z]+\b", "provider: <provider>"),
    (r"(?:/[\w.@+-]+)+/golem-cluster\.yaml", "<project>/golem-cluster.yaml"),
    (r"[ \t]+", " "),
];

static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|(pattern, stands)| (Regex::new(pattern).expect("a test runs each of them"), *stands))
        .collect()
});

/// The text without colours, and with placeholders for times, ids, addresses, providers, durations, ports and folders.
pub fn normalise(text: &str) -> String {
    let mut text = console::strip_ansi_codes(text).replace('\r', "");
    for (pattern, stands) in RULES.iter() {
        text = pattern.replace_all(&text, *stands).into_owned();
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_walks_say_the_same() {
        let one =
            "\u{1b}[1m2026-11-23 21:37:38,412\u{1b}[0m\tINFO util.py:375 -- Fetched IP: 192.168.0.3 (12.5s)";
        let other = "2027-01-02 03:04:05,678 INFO util.py:375 -- Fetched IP: 192.168.0.17 (9 s)";
        assert_eq!(normalise(one), "<time> INFO util.py:375 -- Fetched IP: <node> (<duration>)");
        assert_eq!(normalise(one), normalise(other));
    }

    #[test]
    fn what_matters_stays() {
        for text in [
            "Negotiated successfully: 10",
            "[1/9] Getting an agreement...",
            "DOWNLOAD {\"url\": \"https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq\", \"ok\": true}",
            "Ray on Golem rocks!",
        ] {
            assert_eq!(normalise(text), text);
        }
    }
}
