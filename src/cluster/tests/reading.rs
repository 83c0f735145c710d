//! How a file is read: values that surprise, aliases, files of this machine, places.

use super::*;

#[test]
fn python_reads_other_values_than_most_readers() {
    let codes_of = |from: &str, to: &str| changed(from, to);
    assert_eq!(codes_of("golem-cluster\n", "yes\n"), ["wrong-type! 1:15"]);
    assert_eq!(codes_of("total_budget: 5", "total_budget: 010"), ["value-read-otherwise 10:19"]);
    assert_eq!(codes_of("duration_hours: 0.5", "duration_hours: 1:30"), ["value-read-otherwise 17:65"]);
    assert_eq!(codes_of("\"polygon\"", "on"), ["value-read-otherwise 9:22", "unknown-payment-network 9:22"]);
    assert_eq!(
        codes_of("max_workers: 10\nidle", "max_workers: x\nmax_workers: 10\nidle"),
        ["duplicate-key 3:1"]
    );
    assert_eq!(
        codes_of("head_node: true", "metadata: {a: 2024-01-01, on: 1}"),
        ["wrong-type! 36:15", "key-not-text! 36:27"]
    );
    assert_eq!(codes_of("head_node: true", "min_workers: 1"), ["key-without-effect 36:1"]);
    assert_eq!(codes_of("head_node: true", "docker: {image: x}"), ["docker-incomplete! 36:1"]);
    assert_eq!(codes_of("cpu_load: 0.8, ", ""), ["missing-key! 17:9"]);
    let found = ClusterConfig::parse(&GOOD.replace("golem-cluster\n", "yes\n")).1;
    assert_eq!(
        found[0].message,
        "`cluster_name` is `yes`, which Python's YAML reads as true, but Ray wants a text"
    );
    assert_eq!(found[0].help.as_deref(), Some("put it into quotes: `cluster_name: \"yes\"`"));
    let found = ClusterConfig::parse(&GOOD.replace("total_budget: 5", "total_budget: 0755")).1;
    assert_eq!(
        (found[0].message.as_str(), found[0].help.as_deref().unwrap()),
        (
            "`total_budget` is `0755`, which Python's YAML reads as 493: a leading 0 means base eight",
            "write `total_budget: 493` if that is meant, else `total_budget: 755`"
        )
    );
}

#[test]
fn what_stands_behind_an_alias_is_found_where_it_is_written() {
    let text =
        GOOD.replace("demand:\n", "demand: &demand\n").replace("[\"https://ipfs.io\"]", "[ipfs.io]").replace(
            "max_workers: 10\n    resources: {}\n    node_config: {}",
            "max_workers: 10\n    resources: {}\n    node_config: {demand: *demand}",
        );
    assert_eq!(codes(&text)[0], "outbound-url-without-scheme! 14:25");
}

#[test]
fn files_of_this_machine_must_be_there() {
    let text = GOOD.replace(
        "file_mounts: {}",
        "file_mounts: {\"/root/a\": \"./a\", \"/root/b\": \"~/b\"}\nauth: {ssh_private_key: k}",
    );
    assert_eq!(listed(&local_file_findings(&text, &|_| true)), Vec::<String>::new());
    assert_eq!(
        listed(&local_file_findings(&text, &|path| path == "~/b")),
        ["local-file-missing! 29:25", "local-file-missing! 28:26"]
    );
}

#[test]
fn a_place_is_shown_under_the_text_itself() {
    let (_, findings) = ClusterConfig::parse(&GOOD.replace("[\"https://ipfs.io\"]", "[ipfs.io]"));
    insta::assert_snapshot!(findings[0].render("golem-cluster.yaml", &GOOD.replace("[\"https://ipfs.io\"]", "[ipfs.io]")), @r#"
    error[outbound-url-without-scheme]: `ipfs.io` has no scheme
      --> golem-cluster.yaml:14:25
       |
    14 |         outbound_urls: [ipfs.io]
       |                         ^^^^^^^
    help: write `https://ipfs.io`
    fix: write `https://ipfs.io` instead of `ipfs.io`
    "#);
}
