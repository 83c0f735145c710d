//! What is found in cluster files. Each case changes one thing of a file that has no findings.

mod offers;
mod reading;
mod script;

use super::*;
use crate::diagnostic::Severity;
use crate::outbound::whitelist::Whitelist;

/// A complete cluster file without findings.
const GOOD: &str = r#"cluster_name: golem-cluster
max_workers: 10
idle_timeout_minutes: 5
provider:
  type: "external"
  use_internal_ips: true
  module: "ray_on_golem.provider.node_provider.GolemNodeProvider"
  parameters:
    payment_network: "polygon"
    total_budget: 5
    node_config:
      demand:
        image_tag: "golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3"
        outbound_urls: ["https://ipfs.io"]
        min_mem_gib: 1
      budget_control:
        per_cpu_expected_usage: {cpu_load: 0.8, duration_hours: 0.5, max_cost: 1.5}
        max_start_price: 0.5
available_node_types:
  ray.head.default:
    resources: {}
    node_config: {}
  ray.worker.default:
    min_workers: 1
    max_workers: 10
    resources: {}
    node_config: {}
file_mounts: {}
cluster_synced_files: []
initialization_commands: []
setup_commands: []
head_setup_commands: []
worker_setup_commands: []
head_start_ray_commands: ["ray start --head"]
worker_start_ray_commands: ["ray start"]
head_node: true
worker_nodes: true
"#;

/// `code line:column` of each finding, errors with `!`.
fn codes(text: &str) -> Vec<String> {
    listed(&ClusterConfig::parse(text).1)
}

fn listed(findings: &[Diagnostic]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let mark = if finding.severity == Severity::Error { "!" } else { "" };
            let place = finding.span.map_or("-".into(), |span| format!("{}:{}", span.line, span.column));
            format!("{}{mark} {place}", finding.code)
        })
        .collect()
}

fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    codes(&GOOD.replace(from, to))
}

#[test]
fn a_good_file_has_no_findings() {
    assert_eq!(codes(GOOD), Vec::<String>::new());
}

#[test]
fn the_view_holds_what_was_written_and_the_defaults() {
    let config = ClusterConfig::parse(GOOD).0.unwrap();
    assert_eq!((config.cluster_name.as_str(), config.payment_network.as_str()), ("golem-cluster", "polygon"));
    assert_eq!((config.total_budget, config.webserver_port), (5.0, 4578));
    assert_eq!((config.min_workers, config.max_workers), (1, 10));
    assert_eq!(config.head_node_type, "ray.head.default");
    assert_eq!(config.outbound_urls[0].as_str(), "https://ipfs.io/");
    assert_eq!(config.node_types[0].max_workers, 0, "the head is no worker");
    assert_eq!(
        (config.node_types[1].demand.min_mem_gib, config.node_types[1].subnet_tag.as_str()),
        (1.0, "public")
    );
}

#[test]
fn a_node_types_demand_is_merged_over_the_common_one() {
    let own = "max_workers: 10\n    resources: {}\n    \
               node_config: {subnet_tag: mine, demand: {min_mem_gib: 4, outbound_urls: [\"https://github.com\"]}}";
    let text = GOOD.replace("max_workers: 10\n    resources: {}\n    node_config: {}", own);
    let config = ClusterConfig::parse(&text).0.unwrap();
    let worker = &config.node_types[1];
    assert_eq!((worker.demand.min_mem_gib, worker.subnet_tag.as_str()), (4.0, "mine"));
    let hosts: Vec<_> = worker.demand.outbound_urls.iter().map(|url| url.host_str().unwrap()).collect();
    assert_eq!(hosts, ["ipfs.io", "github.com"], "lists are joined");
    assert_eq!(config.outbound_urls.len(), 1, "the head keeps the common ones");
}

#[test]
fn broken_yaml_has_a_place_and_no_view() {
    for (text, expected) in [
        ("cluster_name: [a\nb: c\n", "broken-yaml! 2:2"),
        ("a: 1\n\tb: 2\n", "broken-yaml! 2:1"),
        ("a: 1\nb: !mine 2\n", "broken-yaml! 2:4"),
        ("a: 2001-02-30\n", "broken-yaml! 1:4"),
        ("a: &x [*x]\n", "broken-yaml! 1:8"),
        ("a: {<<: 1}\n", "broken-yaml! 1:9"),
        ("- a\n", "not-a-cluster-file! 1:1"),
        ("", "not-a-cluster-file! 1:1"),
        ("a: 'x\n", "broken-yaml! 1:4"),
        ("a: 1\nb: [\n", "broken-yaml! 2:4"),
        ("r:\ra", "broken-yaml! 1:5"),
        ("a: 1\rb: 2\nc: [x\nd: 3\n", "broken-yaml! 3:2"),
    ] {
        let (view, findings) = ClusterConfig::parse(text);
        assert!(view.is_none(), "{text}");
        assert_eq!(listed(&findings), [expected], "{text:?}");
    }
}

#[test]
fn each_key_that_ray_needs_is_missed() {
    for line in
        GOOD.lines().filter(|line| line.starts_with(|c: char| c.is_alphabetic()) && !line.ends_with(':'))
    {
        let without: String =
            GOOD.lines().filter(|other| *other != line).map(|other| format!("{other}\n")).collect();
        let found = codes(&without).join(" ");
        match line.split(':').next().unwrap() {
            "head_node" | "worker_nodes" => assert_eq!(found, "", "{line}"),
            "max_workers" => assert!(found.contains("missing-key!"), "{line}: {found}"),
            _ => assert_eq!(found, "missing-key! -", "{line}"),
        }
    }
    let late = ClusterConfig::parse(&GOOD.replace("file_mounts: {}\n", "")).1;
    assert_eq!(
        late[0].message,
        "`file_mounts` is missing: `ray up` breaks when the head node is already rented"
    );
    assert_eq!(
        changed("    resources: {}\n    node_config: {}\n  ray.worker", "    node_config: {}\n  ray.worker"),
        ["missing-key! 20:3"]
    );
}

#[test]
fn a_key_that_has_nothing_to_say_can_be_added_by_a_fix() {
    let mut text = GOOD.replace("file_mounts: {}\n", "").replace("\nsetup_commands: []", "");
    let before = text.clone();
    for expected in ["setup_commands: []\n", "file_mounts: {}\n"] {
        let found = ClusterConfig::parse(&text).1;
        let fix = found[0].fix.as_deref().unwrap_or_else(|| panic!("{found:?}"));
        let (fixed, made) = crate::diagnostic::apply(&text, [fix]);
        assert_eq!((fixed.as_str(), made), (format!("{text}{expected}").as_str(), 1));
        text = fixed;
    }
    assert_eq!(codes(&text), Vec::<String>::new());
    let fix = |text: &str| ClusterConfig::parse(text).1.into_iter().find_map(|finding| finding.fix);
    let windows = before.replace('\n', "\r\n");
    assert!(fix(&windows).unwrap().edits[0].replacement.ends_with("\r\n"));
    // No line can be added behind braces or the end of the document; a text that lacks its line break would get one.
    assert_eq!(fix("{cluster_name: x}\n"), None);
    assert_eq!(fix("cluster_name: x\n...\n"), None);
    assert_eq!(fix("cluster_name: |\n  x"), None);
    assert!(fix("cluster_name: x").unwrap().edits[0].replacement.starts_with('\n'));
    assert!(
        ClusterConfig::parse(&GOOD.replace("idle_timeout_minutes: 5\n", "")).1[0].fix.is_none(),
        "whoever pays chooses"
    );
}

#[test]
fn wrong_types_are_found_where_they_stand() {
    assert_eq!(changed("file_mounts: {}", "file_mounts:"), ["wrong-type! 28:1"]);
    assert_eq!(changed("\nsetup_commands: []", "\nsetup_commands: ls"), ["wrong-type! 31:17"]);
    assert_eq!(changed("total_budget: 5", "total_budget: much"), ["wrong-type! 10:19"]);
    assert_eq!(changed("total_budget: 5", "total_budget: \"5\""), Vec::<String>::new(), "pydantic reads it");
}

#[test]
fn unknown_keys_are_guessed_and_misplaced_ones_sent_home() {
    let text = GOOD.replace("outbound_urls:", "outbound_url:");
    let (_, findings) = ClusterConfig::parse(&text);
    assert_eq!(listed(&findings), ["unknown-key! 14:9", "no-outbound-urls -"]);
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `outbound_urls`?"));
    assert_eq!(
        changed("    node_config:\n", "    outbound_urls: []\n    node_config:\n"),
        ["outbound-urls-misplaced! 11:5"]
    );
    assert_eq!(
        changed("    node_config:\n", "    node_config:\n      image_tag: a/b:c\n"),
        ["misplaced-key! 12:7"]
    );
    assert_eq!(changed("head_node: true", "outbound_urls: []"), ["outbound-urls-misplaced! 36:1"]);
    assert_eq!(changed("head_node: true", "nodes: 3"), ["unknown-key! 36:1"]);
}

#[test]
fn outbound_urls_must_be_a_list_of_urls() {
    let with = |value: &str| changed("[\"https://ipfs.io\"]", value);
    assert_eq!(with("[]"), ["outbound-urls-empty 14:9"]);
    assert_eq!(with(""), ["outbound-urls-not-a-list! 14:9"]);
    assert_eq!(with("https://ipfs.io"), ["outbound-urls-not-a-list! 14:24"]);
    assert_eq!(with("[ipfs.io, \"https://ipfs.io\"]"), ["outbound-url-without-scheme! 14:25"]);
    assert_eq!(with("[\"https://\"]"), ["outbound-url-invalid! 14:25"]);
    assert_eq!(with("[\"https://a.io:70000\"]"), ["outbound-url-invalid! 14:25"]);
    assert_eq!(with("[\"https://*.ipfs.io\"]"), ["outbound-url-invalid! 14:25"]);
    assert_eq!(with("[\"udp://ipfs.io\"]"), ["outbound-url-without-port! 14:25"]);
    assert_eq!(with("[7]"), ["outbound-url-invalid! 14:25"]);
    assert_eq!(with("[\"https://ipfs.io\", \"https://ipfs.io\"]"), ["outbound-url-twice 14:44"]);
    assert_eq!(with("[\"https://ipfs.io/ipfs/x\"]"), ["outbound-url-with-path 14:25"]);
    assert_eq!(
        with("\n        - https://ipfs.io\n        - ipfs.io"),
        ["outbound-url-without-scheme! 16:11"]
    );
    assert_eq!(with("[\"https://www.dropbox.com/s/a/b\"]"), ["outbound-url-redirects 14:25"]);
}

#[test]
fn a_node_has_one_image_of_a_fitting_version() {
    const TAG: &str = "image_tag: \"golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3\"";
    assert_eq!(changed(TAG, &format!("{TAG}\n        image_hash: abc")), ["image-twice! 14:9"]);
    assert_eq!(changed(&format!("{TAG}\n        "), ""), ["image-missing! 12:7"]);
    assert_eq!(changed(TAG, "image_tag: ray-on-golem"), ["image-tag-form! 13:20"]);
    assert_eq!(changed(TAG, "image_tag: golem/ray-on-golem:latest"), ["image-tag-form! 13:20"]);
    assert_eq!(changed(TAG, "image_tag: me/mine:latest"), Vec::<String>::new());
}

#[test]
fn an_image_fits_what_is_installed() {
    let older = GOOD.replace("0.13.0-py", "0.12.1-py");
    let other = Releases { ray_on_golem: "0.12.1".into(), ray: "2.9.3".into(), installed: true };
    assert_eq!(image_findings(GOOD, &Releases::default()), []);
    assert_eq!(image_findings(&older, &other), []);
    let found = image_findings(&older, &Releases::default());
    assert_eq!(listed(&found), ["image-of-other-version 13:20"]);
    assert_eq!(
        found[0].message,
        "`0.12.1-py3.10.13-ray2.9.3` is made for ray-on-golem 0.12.1, but 0.13.0 is what goes with this program"
    );
    let found = image_findings(GOOD, &Releases { ray: "2.55.1".into(), ..other });
    assert_eq!(
        found[0].message,
        "`0.13.0-py3.10.13-ray2.9.3` is made for ray-on-golem 0.13.0, but 0.12.1 is installed here, and for Ray 2.9.3, but 2.55.1 is installed here"
    );
    assert!(
        found[0]
            .help
            .as_deref()
            .unwrap()
            .starts_with("take the image for ray-on-golem 0.12.1 and Ray 2.55.1")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(at in 0..GOOD.len(), length in 0..40usize, inserted in "[-\\[\\]{}:,#&*!|>'\"%@` \\n\\tä]{0,4}") {
        let end = (at + length).min(GOOD.len());
        let text = format!("{}{inserted}{}", &GOOD[..at], &GOOD[end..]);
        let (view, findings) = ClusterConfig::parse(&text);
        proptest::prop_assert!(view.is_some() || findings.iter().any(|finding| finding.severity == Severity::Error));
        let lines = text.lines().count().max(1);
        for span in findings.iter().filter_map(|finding| finding.span) {
            proptest::prop_assert!((1..=lines).contains(&span.line) && span.column >= 1, "{:?} in {}", span, text);
        }
    }
}
