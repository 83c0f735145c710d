//! A recorded market as the text of a file for `localnet up --providers`.
//!
//! May import its siblings. Invariant: whatever stands in a recording, the text is YAML and the reader's words stay in
//! their comments and values.

use std::fmt::Write as _;

use super::machines::Machine;
use super::policy::Policy;

/// Columns of a comment.
const WIDTH: usize = 116;

pub(super) fn file(machines: &[Machine], notes: &[String], origin: &str) -> String {
    let mut text = String::from(
        "# Providers of a recorded market, for `golem-outbound localnet up --providers FILE`.\n",
    );
    comment(&mut text, origin);
    text.push_str("#\n");
    notes.iter().for_each(|note| comment(&mut text, note));
    if machines.is_empty() {
        text.push_str("\nfaults: {no_offers: true}\n");
    }
    for machine in machines {
        entry(&mut text, machine);
    }
    text
}

fn comment(text: &mut String, note: &str) {
    let indent: String = note.chars().take_while(|c| *c == ' ').collect();
    let mut line = format!("# {indent}");
    let mut empty = true;
    for word in note.split_whitespace() {
        // A character that YAML does not allow anywhere would spoil the file.
        let word: String = word.chars().map(|c| if printable(c) { c } else { '?' }).collect();
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = format!("# {indent}");
            empty = true;
        }
        line += if empty { "" } else { " " };
        line += &word;
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

fn printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn entry(text: &mut String, machine: &Machine) {
    let Machine { name, subnet, mem_gib, storage_gib, asks, policy, mid_agreement_payments } = machine;
    let _ = write!(
        text,
        "\n- name: {}\n  subnet: {}\n  cpu_threads: {}\n  mem_gib: {mem_gib}\n  storage_gib: {storage_gib}\n  \
         prices: {{start: {}, cpu_hour: {}, env_hour: {}}}\n",
        scalar(name),
        scalar(subnet),
        asks.threads,
        asks.start,
        asks.cpu_hour,
        asks.env_hour
    );
    let line = match policy {
        Policy::Default => "rules: {enabled: true, everyone: whitelist}".to_owned(),
        Policy::All => "rules: {enabled: true, everyone: all}".to_owned(),
        Policy::NotWhitelisted => "rules: {enabled: true, everyone: whitelist}\n  whitelist: []".to_owned(),
        Policy::RuleDisabled => "rules: {enabled: true, everyone: none}".to_owned(),
        Policy::OutboundDisabled => "rules: {enabled: false, everyone: whitelist}".to_owned(),
        Policy::Silent => "faults: [no_proposal_response]".to_owned(),
        Policy::Busy => "faults: [rejects_proposals]".to_owned(),
        Policy::Expiration(hours) => format!("max_agreement_hours: {hours}"),
        Policy::Words(words) => format!("rejects_with: {}", scalar(words)),
    };
    let _ = writeln!(text, "  {line}");
    if !mid_agreement_payments {
        text.push_str("  mid_agreement_payments: false\n");
    }
}

/// A text as YAML: bare if it can be nothing else, quoted as in JSON otherwise.
fn scalar(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if word || text == "public" {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if printable(c) => quoted.push(c),
            c => drop(write!(quoted, "\\U{:08x}", u32::from(c))),
        }
    }
    quoted + "\""
}
