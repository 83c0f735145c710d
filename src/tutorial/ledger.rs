//! The ledger of downloads, read back from what a script printed.
//!
//! A script prints one line `DOWNLOAD {json}` per download, on the driver or in a task. In between, Ray may put
//! `(fetch pid=123, ip=192.168.0.4) ` before it, colours around that, and a carriage return behind.

use crate::evidence::LedgerRow;

/// The word that begins a line of the ledger.
const MARK: &str = "DOWNLOAD ";

/// The rows of all lines that are complete, in the order of the output.
pub fn parse_ledger(output: &str) -> Vec<LedgerRow> {
    let plain = console::strip_ansi_codes(output);
    plain.split(['\n', '\r']).filter_map(row).collect()
}

fn row(line: &str) -> Option<LedgerRow> {
    let json = payload(line).strip_prefix(MARK)?;
    serde_json::from_str(json.trim()).ok()
}

/// A line without the prefix that Ray gives to the output of tasks: `(name pid=1, ip=192.168.0.4) `.
pub fn payload(line: &str) -> &str {
    let line = line.trim();
    match line.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
        Some((prefix, rest)) if prefix.contains("pid=") => rest.trim(),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"DOWNLOAD {"url": "https://ipfs.io/ipfs/b", "ok": true, "error": null, "bytes": 1, "verified": "cid", "attempts": 1, "node": "192.168.0.4"}"#;

    #[test]
    fn rows_are_read_through_colours_prefixes_and_carriage_returns() {
        for output in [
            format!("{LINE}\n"),
            format!("{LINE}\r\n"),
            format!("noise\r{LINE}\r\n"),
            format!("(fetch pid=123) {LINE}\n"),
            format!("\u{1b}[2m\u{1b}[36m(fetch pid=321, ip=192.168.0.4)\u{1b}[0m {LINE}\n"),
            format!("Fetched IP: 192.168.0.3\r\n{LINE}\r\nShared connection to 192.168.0.3 closed.\r\n"),
        ] {
            let rows = parse_ledger(&output);
            assert_eq!(rows.len(), 1, "{output}");
            assert_eq!(rows[0].url, "https://ipfs.io/ipfs/b");
            assert_eq!(rows[0].node, "192.168.0.4");
        }
    }

    #[test]
    fn a_failed_download_keeps_its_error() {
        let rows = parse_ledger(r#"DOWNLOAD {"url": "https://x/", "ok": false, "error": "HTTP 404"}"#);
        assert_eq!(rows[0].error.as_deref(), Some("HTTP 404"));
        assert!(!rows[0].ok && rows[0].verified.is_none());
    }

    #[test]
    fn talk_of_downloads_and_torn_lines_are_no_rows() {
        let output = "DOWNLOADS done\nI say DOWNLOAD {\"url\": \"x\", \"ok\": true}\nDOWNLOAD {\"url\": \"x\", \"ok\":\n";
        assert!(parse_ledger(output).is_empty());
    }
}
