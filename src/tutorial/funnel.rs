//! The counts that `ray-on-golem network-stats` prints, read back.
//!
//! The shape is ray-on-golem 0.13.0's `network_stats/services/network_stats.py`: `Proposals count:` with
//! `<tag>: <count>` lines, then `Negotiation errors:` with `<reason>: <count>` lines.

use crate::evidence::Funnel;

/// The funnel of the last complete table in the output, if there is one.
pub fn parse_funnel(output: &str) -> Option<Funnel> {
    let plain = console::strip_ansi_codes(output);
    let (_, table) = plain.rsplit_once("Proposals count:")?;
    let (counts, rejections) = table.split_once("Negotiation errors:").unwrap_or((table, ""));
    let funnel = Funnel { counts: lines(counts), rejections: lines(rejections) };
    (!funnel.counts.is_empty()).then_some(funnel)
}

fn lines(text: &str) -> Vec<(String, u64)> {
    text.split(['\n', '\r']).filter_map(line).collect()
}

/// The count stands after the last `: `, because a reason may hold colons.
fn line(line: &str) -> Option<(String, u64)> {
    let (tag, count) = line.trim().rsplit_once(": ")?;
    Some((tag.trim().to_owned(), count.trim().parse().ok()?))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const OUTPUT: &str = "Gathering stats data for 1 minutes for `ray.head.default`...\n\
        Received CTRL-C, exiting...\n\
        Gathering stats data done\n\n\
        Proposals count:\n\
        Initial: 21\n\
        Not blacklisted: 21\n\
        Passed Reject if per cpu expected cost exceeds `max_cost` = 1.5: 21\n\
        Passed Reject if start price exceeds `max_start_price` = 0.5: 18\n\
        Negotiation initialized: 15\n\
        Negotiated successfully: 8\n\n\
        Negotiation errors:\n\
        Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule requires manifest \
        signature ; Partner rule requires node descriptor ; : 4\n\
        outbound is disabled: 1\n";

    #[test]
    fn the_count_stands_after_the_last_colon() {
        let funnel = parse_funnel(OUTPUT).unwrap();
        assert_eq!(funnel.counts[0], ("Initial".into(), 21));
        assert_eq!(
            funnel.counts[2],
            ("Passed Reject if per cpu expected cost exceeds `max_cost` = 1.5".into(), 21)
        );
        assert_eq!(funnel.counts.last(), Some(&("Negotiated successfully".into(), 8)));
        assert_eq!(funnel.rejections.len(), 2);
        assert!(funnel.rejections[0].0.ends_with("Partner rule requires node descriptor ;"));
        assert_eq!(funnel.rejections[0].1, 4);
    }

    #[test]
    fn no_table_is_no_funnel() {
        assert_eq!(parse_funnel("Error: Got unexpected extra argument"), None);
        assert_eq!(parse_funnel("Proposals count:\n\nNegotiation errors:\n"), None);
    }
}
