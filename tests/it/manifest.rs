//! Our manifest against the one that the real ray-on-golem puts into its demand, entry by entry of `outbound_urls`.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use golem_outbound::outbound::any_url::AnyUrl;
use golem_outbound::outbound::manifest::Manifest;
use serde_json::{Value, json};

const IMAGE: &str = "http://registry.example/image.gvmi";
const HASH: &str = "1c47b4b29e4d47a6a1d2a19d6e3f8d4b0a2c7c8d4f4a21a0b9c4c5d1";

/// The way from the cluster file to the demand's property, with ray-on-golem's own code; only the registry's answer, an
/// address and a hash, is given. For each demand the property, or pydantic's messages.
const SEND: &str = r"
import asyncio, json, sys, yaml
from golem.payload import RepositoryVmPayload
from pydantic import ValidationError
from yarl import URL
from ray_on_golem.server.models import DemandConfigData
from ray_on_golem.server.services.golem.helpers.demand_config import DemandConfigHelper

async def of_registry(self, demand):
    return URL(sys.argv[1]), sys.argv[2]

DemandConfigHelper._get_image_url_and_hash = of_registry

async def sent(text):
    demand = yaml.safe_load(text)['provider']['parameters']['node_config']['demand']
    try:
        demand = DemandConfigData(**demand)
    except ValidationError as error:
        return {'refused': [problem['msg'] for problem in error.errors()]}
    properties = {}
    for payload in await DemandConfigHelper(True).get_payloads_from_demand_config(demand):
        # The package without a manifest asks the image's server whether the image is there.
        if not isinstance(payload, RepositoryVmPayload):
            properties.update((await payload.build_properties_and_constraints())[0])
    return {'sent': properties.get('golem.srv.comp.payload')}

async def main():
    print(json.dumps([await sent(text) for text in json.load(sys.stdin)]))

asyncio.run(main())
";

/// What ray-on-golem makes of cluster files with these lists.
fn real(lists: &[&[&str]]) -> Vec<Value> {
    let files: Vec<String> = lists.iter().map(|list| cluster_file(list)).collect();
    let mut python = Command::new(crate::python_env::python())
        .args(["-c", SEND, IMAGE, HASH])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(json!(files).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(String::from_utf8(output.stdout).unwrap().lines().last().unwrap()).unwrap()
}

/// JSON strings are YAML strings.
fn cluster_file(list: &[&str]) -> String {
    format!(
        "provider:\n  parameters:\n    node_config:\n      demand:\n        image_tag: x\n        outbound_urls: {}\n",
        json!(list)
    )
}

/// The JSON of a property; the order of the protocols is that of a Python set, so they are sorted.
fn comparable(property: &str) -> Value {
    let mut manifest: Value = serde_json::from_slice(&STANDARD.decode(property).unwrap()).unwrap();
    let protocols = manifest.pointer_mut("/compManifest/net/inet/out/protocols").unwrap();
    let listed = protocols.as_array().unwrap();
    let unique: BTreeSet<String> = listed.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(unique.len(), listed.len(), "each protocol once");
    *protocols = json!(unique);
    manifest
}

fn ours(list: &[&str]) -> String {
    let entries: Vec<AnyUrl> = list.iter().map(|entry| AnyUrl::parse(entry).unwrap()).collect();
    Manifest::of_ray_on_golem(IMAGE, HASH, &entries).to_base64()
}

#[test]
fn it_is_what_the_real_ray_on_golem_sends() {
    let lists: &[&[&str]] = &[
        &["https://ipfs.io"],
        &["https://ipfs.io/", "https://dl.dropboxusercontent.com/s/a/b?rlkey=c#d"],
        &["https://ipfs.io", "http://ipfs.io", "ws://ipfs.io", "wss://ipfs.io:8443", "udp://1.2.3.4:53"],
        &["https://IPFS.io", "HTTPS://ipfs.io/X", "https://IPFS.io"],
        &[
            "https://münchen.example/straße?ü",
            "https://日本.jp:8080",
            "https://MÜNCHEN.Example",
            "https://faß.de",
        ],
        &["https://user:pw@ipfs.io", "https://user@ipfs.io:443", "ftp://@localhost?"],
        &["https://[::1]:8/", "https://3.122.207.83", "https://0x37aCF53", "https://ipfs.io."],
        &[" https://ipfs.io\n", "git+ssh://a.b.c/d e".split(' ').next().unwrap()],
    ];
    for (list, real) in lists.iter().zip(real(lists)) {
        let sent = real["sent"].as_str().unwrap_or_else(|| panic!("{list:?} is sent: {real}"));
        let ours = ours(list);
        assert_eq!(comparable(&ours), comparable(sent), "{list:?}");
        if list.len() == 1 {
            assert_eq!(ours, sent, "byte for byte: order of the keys and blanks");
        }
        let [ours, sent] = [ours.as_str(), sent].map(|text| Manifest::decode(text).unwrap().request());
        assert_eq!(ours, sent);
    }
}

#[test]
fn the_keys_come_in_ray_on_golems_order() {
    let list: &[&str] = &["https://ipfs.io/a?b", "https://dl.dropboxusercontent.com"];
    let real = real(&[list])[0]["sent"].as_str().unwrap().to_owned();
    assert_eq!(ours(list), real);
}

#[test]
fn without_urls_nothing_is_sent() {
    assert_eq!(real(&[&[]]), [json!({"sent": null})]);
}

#[test]
fn what_the_real_ray_on_golem_refuses_is_refused_in_its_words() {
    let entries = [
        "ipfs.io",
        "ipfs.io:443",
        "//ipfs.io",
        "mailto:a@b.c",
        "data:,x",
        "foo:bar",
        "x://ipfs.io",
        "9p://ipfs.io",
        "https://",
        "https:///x",
        "https://:80",
        "https://*.ipfs.io",
        "https://ex%61mple.com",
        "https://a..b",
        "https://-a.io",
        "https://a-.io",
        "https://[::1",
        "https://[::g]",
        "https://a.io:65536",
        "https://a.io:99999/x",
        "https://a.io:port",
        "https://a.io/a b",
        "https://a b.io",
        "https://a.io\tx",
        "file:///etc/passwd",
        "",
        " ",
    ];
    let lists: Vec<Vec<&str>> = entries.iter().map(|entry| vec![*entry]).collect();
    let lists: Vec<&[&str]> = lists.iter().map(Vec::as_slice).collect();
    for (entry, real) in entries.iter().zip(real(&lists)) {
        let ours = AnyUrl::parse(entry).map(|url| url.to_string());
        let message = real["refused"][0].as_str();
        assert_eq!(ours.as_ref().err().map(ToString::to_string).as_deref(), message, "{entry:?}: {ours:?}");
    }
}
