//! Five thousand providers under the real network-stats.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crate::localnet::{FILE, Localnet};
use crate::memory::pss;
use crate::{PROGRAM, project, seconds};

const PROVIDERS: usize = 5000;
/// Of each ten providers, one is too dear, one has outbound switched off, one lets nobody out. Of each thousand, one does
/// not answer: ray-on-golem waits for each of these.
const TOO_DEAR: usize = 0;
const DISABLED: usize = 1;
const NOBODY: usize = 2;
const SILENT: usize = 3;

/// What must be counted of them.
const COUNTS: [&str; 7] = [
    "Initial: 5000",
    "Passed Reject if start price exceeds `max_start_price` = 0.5: 4500",
    "Negotiation initialized: 4500",
    "Negotiated successfully: 3495",
    "Failed to receive proposal response!: 5",
    "outbound is disabled: 500",
    "Outbound rejected because: Everyone rule is disabled ; Audited-Payload rule requires manifest signature ; Partner rule requires node descriptor ; : 500",
];

fn providers() -> String {
    let mut text = String::new();
    for number in 0..PROVIDERS {
        let kind = number % 10;
        let start = if kind == TOO_DEAR { "2" } else { "0" };
        let rules = match kind {
            DISABLED => "{enabled: false, everyone: whitelist}",
            NOBODY => "{enabled: true, everyone: none}",
            _ => "{enabled: true, everyone: whitelist}",
        };
        let _ = write!(
            text,
            "- name: provider-{number}\n  subnet: public\n  cpu_threads: 4\n  mem_gib: 8\n  storage_gib: 60\n  \
             prices: {{start: {start}, cpu_hour: 0.02, env_hour: 0.03}}\n  rules: {rules}\n"
        );
        if number % 1000 == SILENT {
            text += "  faults: [no_proposal_response]\n";
        }
    }
    text
}

pub fn section(folder: &Path) -> String {
    let project = project::example(folder);
    std::fs::write(project.join("market.yaml"), providers()).expect("a file");
    let localnet = Localnet::up(Path::new(PROGRAM), project, &["--providers", "market.yaml"]);
    let words = ["ray-on-golem", "network-stats", FILE, "--duration", "3"];
    let ran = localnet.inside(&words, Duration::from_secs(400));
    assert!(ran.ok, "network-stats failed");
    for count in COUNTS {
        assert!(ran.has(count), "`{count}` is missing of {:#?}", ran.lines);
    }
    let (memory, processor) = used(localnet.keeper());
    localnet.down();
    format!(
        "## {PROVIDERS} providers\n\nnetwork-stats counted all {PROVIDERS} and every reason rightly; the localnet used {} of \
         processor time and {memory:.0} MiB of memory.\n\n",
        seconds(processor),
    )
}

/// Memory in MiB (PSS) and processor time of the localnet's own processes.
fn used(keeper: i32) -> (f64, Duration) {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64;
    let family = golem_outbound::exec::descendants::descendants(keeper);
    let ids: Vec<i32> = family.iter().map(|process| process.pid).chain([keeper]).collect();
    let mut memory = 0.0;
    let mut processor = 0.0;
    for id in ids {
        memory += pss(id) / 1024.0;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let of = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        processor += (of(11) + of(12)) / ticks;
    }
    (memory, Duration::from_secs_f64(processor))
}
