//! `localnet record`: what was seen of a market, as a file of providers; and the workflow that runs a localnet in CI.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::Parser as _;
use serde_json::json;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What ray-on-golem 0.13.0 printed on a localnet.
const STATS: &str = include_str!("../../benches/side_by_side/outputs/network-stats.txt");

fn record(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .args(["localnet", "record"])
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The file without the moment of its recording, and of its entries the first two.
fn beginning(file: &str) -> String {
    let moment = regex::Regex::new(r"Recorded \d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let file = moment.replace(file, "Recorded [moment] UTC");
    file.split("\n- ").take(3).collect::<Vec<_>>().join("\n- ")
}

fn names(file: &str) -> Vec<&str> {
    file.lines().filter_map(|line| line.strip_prefix("- name: ")).collect()
}

#[test]
fn counts_become_providers_that_give_them_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stats.txt"), STATS).unwrap();
    let cluster = Path::new(ROOT).join("examples/docs-outbound/golem-cluster.yaml");
    std::fs::copy(cluster, folder.path().join("golem-cluster.yaml")).unwrap();
    let arguments = ["stats.txt", "--cluster", "golem-cluster.yaml", "-o", "market.yaml"];
    let output = record(folder.path(), &arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stderr),
        "22 providers recorded; try: golem-outbound localnet up --providers market.yaml\n"
    );
    let file = std::fs::read_to_string(folder.path().join("market.yaml")).unwrap();
    insta::assert_snapshot!(beginning(&file), @r#"
    # Providers of a recorded market, for `golem-outbound localnet up --providers FILE`.
    # Recorded [moment] UTC from stats.txt (network-stats), for the cluster file golem-cluster.yaml.
    #
    # network-stats counted:
    #   Initial: 22
    #   Not blacklisted: 22
    #   Passed Reject if per cpu expected cost exceeds `max_cost` = 1.5: 22
    #   Passed Reject if start price exceeds `max_start_price` = 0.5: 20
    #   Passed Reject if cpu hour price exceeds `max_cpu_hour_price` = 0.5: 18
    #   Passed Reject if env per hour price exceeds `max_env_per_hour_price` = 0.5: 17
    #   Negotiation initialized: 17
    #   Negotiated successfully: 10
    #   Outbound rejected because: Everyone rule is disabled ; Audited-Payload rule requires manifest signature ;
    #   Partner rule requires node descriptor ;: 3
    #   Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule requires manifest
    #   signature ; Partner rule requires node descriptor ;: 2
    #   outbound is disabled: 1
    #   Failed to receive proposal response!: 1
    # Real are these counts and reasons. Made up are all names, sizes and prices, and which hosts are missing on which
    # whitelist. Counts are proposals; here each is a provider of its own.
    # network-stats asks in one subnet: there is nobody in `ray-on-golem-heads`, so `ray up` looks there for 30 seconds
    # first.

    - name: beyond-max-start-1
      subnet: public
      cpu_threads: 4
      mem_gib: 8
      storage_gib: 50
      prices: {start: 0.76, cpu_hour: 0, env_hour: 0}
      rules: {enabled: true, everyone: whitelist}

    - name: beyond-max-start-2
      subnet: public
      cpu_threads: 4
      mem_gib: 8
      storage_gib: 50
      prices: {start: 0.76, cpu_hour: 0, env_hour: 0}
      rules: {enabled: true, everyone: whitelist}
    "#);
    insta::assert_snapshot!(names(&file).join(" "), @r#"beyond-max-start-1 beyond-max-start-2 beyond-max-cpu-hour-1 beyond-max-cpu-hour-2 beyond-max-env-hour-1 rule-disabled-1 rule-disabled-2 rule-disabled-3 not-whitelisted-1 not-whitelisted-2 outbound-disabled-1 silent-1 accepting-1 accepting-2 accepting-3 accepting-4 accepting-5 accepting-6 accepting-7 accepting-8 accepting-9 accepting-10"#);
    let again = record(folder.path(), &arguments, "");
    assert_eq!(again.status.code(), Some(2), "what is there is not overwritten: {}", text(&again.stderr));
}

#[test]
fn offers_come_from_stdin_and_keep_what_is_known_of_them() {
    let offer = json!({"eventType": "ProposalEvent", "proposal": {"issuerId": "0xab", "properties": {
        "golem.node.id.name": "etam: \"1\"",
        "golem.node.debug.subnet": "public",
        "golem.inf.cpu.threads": 7,
        "golem.inf.mem.gib": 28.25,
        "golem.inf.storage.gib": 91.7,
        "golem.runtime.name": "vm",
        "golem.runtime.capabilities": ["inet", "vpn", "manifest-support"],
        "golem.com.pricing.model.linear.coeffs": [0.000_027_777_777_777_777_78, 0.000_005_555_555_555_555_556, 0],
        "golem.com.usage.vector": ["golem.usage.cpu_sec", "golem.usage.duration_sec"],
    }}});
    let folder = tempfile::tempdir().unwrap();
    let output = record(folder.path(), &[], &json!([offer]).to_string());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!(beginning(&text(&output.stdout)), @r#"
    # Providers of a recorded market, for `golem-outbound localnet up --providers FILE`.
    # Recorded [moment] UTC from stdin (offers).
    #
    # Real are names, sizes, prices, subnets and whether payments while an agreement runs are offered. Node ids are
    # derived from the names; all else of an offer is the localnet's.
    # Offers tell no policy: every provider has the default rules and the default whitelist.

    - name: "etam: \"1\""
      subnet: public
      cpu_threads: 7
      mem_gib: 28.25
      storage_gib: 91.7
      prices: {start: 0, cpu_hour: 0.1, env_hour: 0.02}
      rules: {enabled: true, everyone: whitelist}
      mid_agreement_payments: false
    "#);
}

#[test]
fn what_is_neither_is_refused_with_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let output = record(folder.path(), &[], "Error: Path 'x' does not exist.\n");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(text(&output.stderr), @r#"
    error: failed to record a market from stdin: it holds neither counts of network-stats nor offers

    hint: counts: `ray-on-golem network-stats golem-cluster.yaml | tee stats.txt`
    hint: offers: JSON with the properties `golem.…`, as yagna's market API gives them
    "#);
    let grows = STATS.replace("Negotiated successfully: 10", "Negotiated successfully: 20");
    let output = record(folder.path(), &["-"], &grows);
    insta::assert_snapshot!(text(&output.stderr), @r#"error: failed to record a market from stdin (network-stats): the counts grow, from `Negotiation initialized: 17` to `Negotiated successfully: 20`"#);
}

#[test]
fn the_profile_for_ubuntu_names_this_program() {
    let program = Path::new(env!("CARGO_BIN_EXE_golem-outbound"));
    let output = Command::new(program).args(["doctor", "--apparmor-profile"]).output().unwrap();
    let line =
        format!("profile golem-outbound \"{}\" flags=(unconfined) {{\n  userns,\n}}\n", program.display());
    assert!(output.status.success() && text(&output.stdout).ends_with(&line), "{output:?}");
}

/// The commands of a workflow's steps, with the words of `golem-outbound`'s command lines, as a shell takes them apart.
#[test]
fn every_command_line_of_the_workflow_is_one_that_the_program_takes() {
    let file = std::fs::read_to_string(Path::new(ROOT).join("examples/ci/localnet.yml")).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&file).unwrap();
    let steps = workflow["jobs"]["localnet"]["steps"].as_sequence().unwrap();
    let mut verbs = Vec::new();
    for step in steps {
        assert!(step.get("uses").is_some() ^ step.get("run").is_some(), "{step:?}");
        let Some(run) = step.get("run").and_then(|run| run.as_str()) else { continue };
        let sound = Command::new("bash").args(["-n", "-c", run]).status().unwrap();
        assert!(sound.success(), "{run}");
        let lines = run.lines().map(|line| line.split('|').next().unwrap().replace('"', ""));
        for line in lines.filter(|line| line.starts_with("golem-outbound ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            golem_outbound::cli::Cli::try_parse_from(&words)
                .unwrap_or_else(|error| panic!("{line}: {error}"));
            verbs.push(words[1..words.len().min(3)].join(" "));
        }
        let ends = ["localnet down", "ray down"].iter().any(|end| run.contains(end));
        assert_eq!(ends, ends && step.get("if").and_then(|when| when.as_str()) == Some("always()"), "{run}");
    }
    for verb in ["doctor --apparmor-profile", "localnet up", "localnet exec", "localnet down"] {
        assert!(verbs.iter().any(|found| found == verb), "{verb}: {verbs:?}");
    }
}
