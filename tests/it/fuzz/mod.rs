//! The fuzz targets, driven on a stable toolchain for a fixed short time: seeds are mutated as libFuzzer would do it, and
//! what breaks a target is made as small as it can be.
//!
//! `FUZZ_SECONDS` is the time for each target, one second where it is not set. The mutations are the same in every run,
//! so that what guards main fails for a change and not by chance; `FUZZ_SEED` gives others.

#[path = "../../../fuzz/targets/api.rs"]
mod api;
#[path = "../../../fuzz/targets/cluster_file.rs"]
mod cluster_file;
#[path = "../../../fuzz/targets/constraint.rs"]
mod constraint;
#[path = "../../../fuzz/targets/control.rs"]
mod control;
mod driver;
#[path = "../../../fuzz/targets/exe_script.rs"]
mod exe_script;
#[path = "../../../fuzz/targets/front_matter.rs"]
mod front_matter;
#[path = "../../../fuzz/targets/manifest.rs"]
mod manifest;
mod mutation;
mod odd;
mod planted;
#[path = "../../../fuzz/targets/url.rs"]
mod url;
#[path = "../../../fuzz/targets/whitelist.rs"]
mod whitelist;

use driver::{Fuzzed, fuzz, search, seeds};
use odd::odd;

#[test]
fn no_url_breaks_anything() {
    let words =
        ["https://", "http://", "ipfs://", "udp://", "/ipfs/", "/s/", "/scl/fi/", "?rlkey=k", "dl=0", "www."];
    let hosts =
        [".ipfs.dweb.link", "www.dropbox.com", "dl.dropboxusercontent.com", "github.com", "[::1]", "xn--"];
    fuzz("url", &seeds("fuzz/seeds/url"), &[&words[..], &hosts].concat(), url::run).expect_sound();
}

#[test]
fn no_whitelist_breaks_anything() {
    let words = [
        "\n---\n",
        "{\"patterns\":[",
        "{\"domain\":\"",
        "\"match\":\"regex\"",
        ".*\\.",
        "\\S",
        "(?",
        "[^",
        "{9}",
    ];
    fuzz("whitelist", &seeds("fuzz/seeds/whitelist"), &words, whitelist::run).expect_sound();
}

#[test]
fn no_cluster_file_breaks_anything() {
    let seeds =
        [seeds("fuzz/seeds/cluster_file"), seeds("examples/docs-outbound/golem-cluster.yaml")].concat();
    let words = [
        "outbound_urls: ",
        "provider:\n",
        "  parameters:\n",
        "node_config: {",
        "demand:",
        "image_tag: ",
        "max_workers: ",
        "[\"https://ipfs.io\"]",
        "<<: *a",
        "&a ",
        "!!binary ",
        "|\n",
        ">-\n",
        "? ",
        "- - ",
        "pip install x",
        "%YAML 1.1\n",
    ];
    fuzz("cluster_file", &seeds, &words, cluster_file::run).expect_sound();
}

#[test]
fn no_front_matter_breaks_anything() {
    let words = [
        "---\n",
        "id: ",
        "needs: [",
        "run:\n",
        "- [ray, --version]",
        "checks:\n",
        "- exit_code: 0",
        "wait_for: {",
        "hints:\n",
        "symptom: '(",
        "{{ cluster_name }}",
        "{% for url in urls %}",
        "{% endfor %}",
        "{{ ",
        "|",
        "timeout: 90s",
    ];
    fuzz("front_matter", &seeds("template/tutorial"), &words, front_matter::run).expect_sound();
}

#[test]
fn no_manifest_breaks_anything() {
    let words = [
        "\"urls\":",
        "\"unrestricted\":{\"urls\":true}",
        "\"out\":",
        "\"net\":",
        "\"script\":",
        "\"match\":\"regex\"",
        "\"hash\":\"sha3:\"",
        "2100-01-01T00:00:00Z",
        "\\u{",
        "eyJ",
        "==",
        "'{\"",
        "0.1.0",
    ];
    fuzz("manifest", &seeds("fuzz/seeds/manifest"), &words, manifest::run).expect_sound();
}

#[test]
fn no_constraints_break_anything() {
    let words =
        ["(&", "(|", "(!", "()", "=*", ">=", "$v", "$d", "$t", "[a]", "****", "(a*){99}", "{99}{99}", "a="];
    fuzz("constraint", &seeds("fuzz/seeds/constraint"), &words, constraint::run).expect_sound();
}

#[test]
fn no_exe_script_breaks_anything() {
    let words = [
        "{\"run\":",
        ",\"x\"",
        "{\"terminate\":{}},",
        ",{\"transfer\":{}}",
        "{\"deploy\":{\"net\":[",
        "\"nodeIp\":",
        "\"mask\":\"0.0.0.0\"",
        "\"args\":",
        "[[[",
        "\\ud800",
    ];
    fuzz("exe_script", &seeds("fuzz/seeds/exe_script"), &words, exe_script::run).expect_sound();
}

#[test]
fn no_request_to_the_api_breaks_anything() {
    let words = [
        "/market-api/v1/demands",
        "/activity-api/v1/activity",
        "/exec",
        "/confirm",
        "$agreement",
        "$activity",
        "\n---\nGET /payment-api/v1/allocations",
        "/net-api/v1/net/",
        "?timeout=0",
        "=-",
        "&maxEvents=",
        "GET ",
        "DELETE ",
        "PATCH ",
        "%00",
        "%ff",
        "\"totalAmount\":",
        "\"properties\":",
        "9999-12-31T23:59:59-23:59",
        "1e308",
        "-9223372036854775808",
        "[[[[",
    ];
    fuzz("api", &seeds("fuzz/seeds/api"), &words, api::run).expect_sound();
}

#[test]
fn no_odd_value_in_a_request_to_the_api_breaks_anything() {
    // Seeds of several requests repeat what is in the others, and take most of the time.
    let mut seeds = seeds("fuzz/seeds/api");
    seeds.retain(|seed| !seed.contains("\n---\n"));
    search(odd(&seeds, planted::KEPT), api::run).expect_sound();
}

#[test]
fn no_line_on_the_control_socket_breaks_anything() {
    let words = [
        "{\"request\":\"",
        "\"}\n",
        "{\"request\":\"service-run\"}\n",
        "{\"request\":\"stop\"}\n",
        "\"name\":",
        "\"network\":",
        "polygon",
        "mainnet",
        "\\u0000",
        "[[[[",
    ];
    let seeds = seeds("fuzz/seeds/control");
    fuzz("control", &seeds, &words, control::run).expect_sound();
    let long = |length: usize| format!("{{\"request\":\"id-list\"}}{}\n", " ".repeat(length));
    let lengths = [60_000, 64 * 1024 - 22, 64 * 1024 - 21, 64 * 1024, 200_000].map(long).into_iter();
    search(lengths.chain(odd(&seeds, &[])), control::run).expect_sound();
}

#[test]
fn a_planted_defect_is_found_and_made_small() {
    let breaks = |text: &str| assert!(!text.contains("://["), "planted");
    let seeds = ["https://ipfs.io/ipfs/x?y=z".to_owned()];
    let Fuzzed::Broken { input, why } = fuzz("planted", &seeds, &["["], breaks) else {
        panic!("nothing was found")
    };
    assert_eq!(input, "://[");
    assert!(why.contains("planted"), "{why}");
}
