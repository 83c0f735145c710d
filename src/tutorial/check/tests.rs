//! Each check against evidence that it must pass, refuse, or leave open.

use std::time::Duration;

use super::*;
use crate::tutorial::{funnel, parse_ledger};

const A: &str = "https://ipfs.io/ipfs/a";
const B: &str = "https://ipfs.io/ipfs/b";
const BLOCKED: &str = "https://example.com/";

fn evidence(output: &str) -> Evidence {
    Evidence {
        exit: Exit::Code(0),
        output: output.to_owned(),
        notes: Vec::new(),
        elapsed: Duration::from_secs(1),
        ledger: parse_ledger(output),
        findings: Vec::new(),
        verdicts: Vec::new(),
        nodes: Some(vec!["192.168.0.3".into(), "192.168.0.4".into()]),
        busy_ports: Some(Vec::new()),
        processes: Some(Vec::new()),
    }
}

fn fetched(url: &str, node: &str) -> String {
    format!(r#"DOWNLOAD {{"url":"{url}","ok":true,"bytes":1,"verified":"cid","attempts":1,"node":"{node}"}}"#)
}

fn failed(url: &str, error: &str) -> String {
    format!(r#"DOWNLOAD {{"url":"{url}","ok":false,"error":"{error}","attempts":3,"node":"192.168.0.4"}}"#)
}

fn ledger(fetched: &[&str], refused: &[&str], nodes: NodesOf) -> Check {
    let owned = |urls: &[&str]| urls.iter().map(ToString::to_string).collect();
    Check::Ledger(LedgerCheck { fetched: owned(fetched), refused: owned(refused), nodes })
}

#[track_caller]
fn judged(check: &Check, evidence: &Evidence, expected: &str) {
    let verdict = match check.judge(evidence) {
        Verdict::Pass => "pass".into(),
        Verdict::Fail { expected, found } => format!("expected {expected}; found {found}"),
        Verdict::Inconclusive { reason } => format!("unsure: {reason}"),
    };
    assert_eq!(verdict, expected);
}

#[test]
fn exit_codes() {
    let with = |exit| Evidence { exit, ..evidence("") };
    judged(&Check::ExitCode(0), &with(Exit::Code(0)), "pass");
    judged(&Check::ExitCode(1), &with(Exit::Code(1)), "pass");
    judged(&Check::ExitCode(0), &with(Exit::Code(1)), "expected exit code 0; found exit code 1");
    judged(&Check::ExitCode(0), &with(Exit::Signal(9)), "expected exit code 0; found ended by signal 9");
    let late = "expected exit code 0; found ended by us, because its time was over";
    judged(&Check::ExitCode(0), &with(Exit::TimedOut), late);
    judged(&Check::ExitCode(0), &with(Exit::Interrupted), "unsure: the command was interrupted");
}

#[test]
fn texts() {
    let output = evidence("Useful commands:\nError: x\n");
    judged(&Check::OutputHas("Useful commands:".into()), &output, "pass");
    judged(&Check::OutputHas("No nodes".into()), &output, "expected “No nodes”; found “Error: x”");
    judged(&Check::OutputLacks("Traceback".into()), &output, "pass");
    judged(&Check::OutputLacks("Error".into()), &output, "expected no “Error”; found “Error: x”");
    judged(&Check::OutputHas("x".into()), &evidence(""), "expected “x”; found no output");
}

#[test]
fn the_ledger_in_any_order() {
    let check = ledger(&[A, B], &[], NodesOf::Cluster);
    let one = fetched(A, "192.168.0.3");
    let two = fetched(B, "192.168.0.4");
    judged(&check, &evidence(&format!("{one}\n{two}\n")), "pass");
    judged(&check, &evidence(&format!("{two}\r\n(fetch pid=7, ip=192.168.0.3) {one}\r\n")), "pass");
}

#[test]
fn one_failed_download_fails_the_ledger() {
    let check = ledger(&[A, B], &[], NodesOf::Cluster);
    let output = format!("{}\n{}\n", fetched(A, "192.168.0.3"), failed(B, "HTTP 404"));
    let expected = "expected 2 downloads were fetched and verified on nodes of the cluster; \
         found https://ipfs.io/ipfs/b: HTTP 404";
    judged(&check, &evidence(&output), expected);
}

#[test]
fn all_failed_or_silent_downloads_fail_the_ledger() {
    let check = ledger(&[A, B], &[], NodesOf::Anywhere);
    let output = format!("{}\n{}\n", failed(A, "HTTP 500"), failed(B, "HTTP 500"));
    let both = "expected 2 downloads were fetched and verified; \
         found https://ipfs.io/ipfs/a: HTTP 500; https://ipfs.io/ipfs/b: HTTP 500";
    judged(&check, &evidence(&output), both);
    let silent = "expected 2 downloads were fetched and verified; \
         found https://ipfs.io/ipfs/a: 0 of 1 reported; https://ipfs.io/ipfs/b: 0 of 1 reported";
    judged(&check, &evidence("Ray on Golem rocks!"), silent);
}

#[test]
fn a_download_that_failed_once_and_came_once_is_not_clean() {
    let check = ledger(&[A], &[], NodesOf::Anywhere);
    let output = format!("{}\n{}\n", fetched(A, "192.168.0.3"), failed(A, "HTTP 500"));
    assert!(matches!(check.judge(&evidence(&output)), Verdict::Fail { .. }));
}

#[test]
fn an_unverified_or_unasked_download_fails_the_ledger() {
    let check = ledger(&[A], &[], NodesOf::Anywhere);
    let unverified = format!(r#"DOWNLOAD {{"url":"{A}","ok":true,"bytes":1}}"#);
    let expected = "expected 1 download was fetched and verified; \
         found https://ipfs.io/ipfs/a: fetched, but nothing says what it should be; pin it: write `#sha256=<hex>` behind the URL \
         in the script, with the hash that `sha256sum` prints of your copy";
    judged(&check, &evidence(&unverified), expected);
    let more = format!("{}\n{}\n", fetched(A, "x"), fetched(B, "x"));
    let expected =
        "expected 1 download was fetched and verified; found https://ipfs.io/ipfs/b: nobody asked for it";
    judged(&check, &evidence(&more), expected);
}

#[test]
fn a_url_that_is_listed_twice_is_fetched_twice() {
    let check = ledger(&[A, A], &[], NodesOf::Anywhere);
    let one = fetched(A, "192.168.0.3");
    assert!(matches!(check.judge(&evidence(&one)), Verdict::Fail { .. }));
    judged(&check, &evidence(&format!("{one}\n{one}\n")), "pass");
}

#[test]
fn downloads_on_this_machine_are_not_downloads_of_the_cluster() {
    let check = ledger(&[A], &[], NodesOf::Cluster);
    let output = fetched(A, "127.0.0.1");
    let expected = "expected 1 download was fetched and verified on nodes of the cluster; \
         found https://ipfs.io/ipfs/a: ran on `127.0.0.1`, which is no node of the cluster";
    judged(&check, &evidence(&output), expected);
    let blind = Evidence { nodes: None, ..evidence(&output) };
    judged(&check, &blind, "unsure: this network cannot tell which nodes the cluster has");
}

#[test]
fn a_refusal_is_a_connection_that_failed_and_not_an_answer() {
    let check = ledger(&[A], &[BLOCKED], NodesOf::Cluster);
    let with = |line: &str| evidence(&format!("{}\n{line}\n", fetched(A, "192.168.0.3")));
    for error in [
        "ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
        "Max retries exceeded with url: / (Caused by SSLError(SSLEOFError(8, 'EOF occurred')))",
        "[Errno -3] Temporary failure in name resolution",
    ] {
        judged(&check, &with(&failed(BLOCKED, error)), "pass");
    }
    for line in [
        fetched(BLOCKED, "192.168.0.4"),
        failed(BLOCKED, "HTTP 403 Forbidden"),
        failed(BLOCKED, "refused to follow a redirect to www.example.com"),
        failed(
            BLOCKED,
            "Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, 'failed')))",
        ),
        failed(
            BLOCKED,
            "Max retries exceeded (Caused by ProxyError('Unable to connect', OSError('403 Forbidden')))",
        ),
        failed(BLOCKED, ""),
    ] {
        assert!(matches!(check.judge(&with(&line)), Verdict::Fail { .. }), "{line}");
    }
    let both_blocked =
        format!("{}\n{}\n", failed(A, "Connection reset"), failed(BLOCKED, "Connection reset"));
    assert!(matches!(check.judge(&evidence(&both_blocked)), Verdict::Fail { .. }));
}

#[test]
fn the_final_sentence_is_a_line_of_its_own() {
    let check = Check::FinalSentence("Ray on Golem rocks!".into());
    judged(&check, &evidence("x\r\nRay on Golem rocks!\r\nShared connection closed.\r\n"), "pass");
    let broken = "expected the line “Ray on Golem rocks!”; \
         found “R? on Gol? rocks!”, where `?` stands for a piece that did not come back";
    judged(&check, &evidence("R? on Gol? rocks!\n"), broken);
    for wrong in ["Ray on Golem rocks", "I hope that Ray on Golem rocks!", "", "????"] {
        assert!(matches!(check.judge(&evidence(wrong)), Verdict::Fail { .. }), "{wrong}");
    }
}

#[test]
fn node_states_must_all_be_reached() {
    let all: String = (1..=9).map(|n| format!("node0: [{n}/9] …\n")).collect();
    judged(&Check::NodeStates(9), &evidence(&all), "pass");
    let output = all.replace("[7/9]", "").replace("[9/9]", "");
    let expected = "expected [1/9] to [9/9]; found never reached: [7/9] [9/9]";
    judged(&Check::NodeStates(9), &evidence(&output), expected);
}

#[test]
fn nodes_are_counted_where_the_network_can_tell() {
    judged(&Check::Nodes(Count(2)), &evidence(""), "pass");
    judged(&Check::Nodes(Count(3)), &evidence(""), "expected at least 3; found 2: 192.168.0.3, 192.168.0.4");
    let blind = Evidence { nodes: None, ..evidence("") };
    judged(&Check::Nodes(Count(1)), &blind, "unsure: this network cannot tell which nodes are up");
}

#[test]
fn the_funnel() {
    let check =
        Check::Funnel(FunnelCheck { at_least: BTreeMap::from([("Negotiated successfully".into(), 1)]) });
    let output = funnel::tests::OUTPUT;
    judged(&check, &evidence(output), "pass");
    let none = output.replace("successfully: 8", "successfully: 0");
    let expected = "expected Negotiated successfully: at least 1; found Negotiated successfully: 0; \
         mostly “Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule \
         requires manifest signature ; Partner rule requires node descriptor ;”";
    judged(&check, &evidence(&none), expected);
    let rising = output.replace("initialized: 15", "initialized: 19");
    assert!(matches!(check.judge(&evidence(&rising)), Verdict::Fail { .. }));
    let quiet = "Proposals count:\nInitial: 0\nNegotiated successfully: 0\n\nNegotiation errors:\n";
    let reason = "unsure: no proposal arrived: the network, the payment network or the subnet, not your yaml";
    judged(&check, &evidence(quiet), reason);
    judged(&check, &evidence("boom"), "expected the counts of network-stats; found “boom”");
}

#[test]
fn what_is_left_behind() {
    judged(&Check::PortsFree, &evidence(""), "pass");
    let busy = Evidence { busy_ports: Some(vec![(4578, "ray-on-golem (pid 7)".into())]), ..evidence("") };
    let expected = "expected all ports free; found taken: 4578 by ray-on-golem (pid 7)";
    judged(&Check::PortsFree, &busy, expected);
    let blind = Evidence { busy_ports: None, processes: None, ..evidence("") };
    judged(&Check::PortsFree, &blind, "unsure: this network cannot tell which ports are taken");
    judged(&Check::NoProcesses, &blind, "unsure: this network cannot tell which processes are of the walk");
    judged(&Check::NoProcesses, &evidence(""), "pass");
    let left = Evidence { processes: Some(vec!["raylet (pid 9)".into()]), ..evidence("") };
    judged(&Check::NoProcesses, &left, "expected none; found raylet (pid 9)");
}

#[test]
fn without_a_known_sentence_every_text_must_have_arrived() {
    let check = Check::FinalSentence(String::new());
    let row = fetched(A, "192.168.0.3");
    judged(&check, &evidence(&row), "pass");
    let one_missing = format!("{row}\n{}", failed(B, "HTTP 404"));
    let expected = "expected every download to arrive; found 1 of 2 did not arrive";
    judged(&check, &evidence(&one_missing), expected);
    let expected = "expected every download to arrive; found no download was reported";
    judged(&check, &evidence("fine\n"), expected);
}

#[test]
fn the_hash_that_pins_a_url_is_not_part_of_its_address() {
    let pinned = format!("{A}#sha256=00");
    let row = fetched(A, "192.168.0.3");
    judged(&ledger(&[&pinned], &[], NodesOf::Cluster), &evidence(&row), "pass");
}
