//! The manifest's form, both ways.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What ray-on-golem 0.13.0 really sent for `outbound_urls: ["https://pypi.dev.golem.network"]`.
const SENT: &str = include_str!("sent-by-ray-on-golem.b64");
const HASH: &str = "1c47b4b29e4d47a6a1d2a19d6e3f8d4b0a2c7c8d4f4a21a0b9c4c5d1";

fn entries(texts: &[&str]) -> Vec<AnyUrl> {
    texts.iter().map(|text| AnyUrl::parse(text).unwrap()).collect()
}

fn sent_for(texts: &[&str]) -> Out {
    Manifest::of_ray_on_golem("http://image", HASH, &entries(texts)).out().unwrap().clone()
}

#[test]
fn it_is_byte_for_byte_what_ray_on_golem_sends() {
    let image = format!("http://127.0.0.1:7465/images/{HASH}.gvmi");
    let urls = entries(&["https://pypi.dev.golem.network"]);
    assert_eq!(Manifest::of_ray_on_golem(&image, HASH, &urls).to_base64(), SENT.trim());
    let urls = [Url::parse("https://pypi.dev.golem.network").unwrap()];
    assert_eq!(Manifest::of_ray_on_golem(&image, HASH, &urls).to_base64(), SENT.trim());
}

#[test]
fn every_entry_is_sent_as_written_and_every_scheme_once() {
    let out =
        sent_for(&["https://IPFS.io/", "https://IPFS.io/", "ws://a.io:1", "HTTPS://b.io", "https://c.io"]);
    let urls = ["https://IPFS.io/", "https://IPFS.io/", "ws://a.io:1", "HTTPS://b.io", "https://c.io"];
    assert_eq!(out.access, Access::Urls(urls.map(String::from).into()));
    assert_eq!(out.protocols, ["https", "ws", "HTTPS"]);
}

#[test]
fn what_was_sent_can_be_read() {
    let urls = vec![Url::parse("https://pypi.dev.golem.network").unwrap()];
    assert_eq!(Manifest::decode(SENT).unwrap().request(), OutboundRequest::Urls(urls));
    let wrapped = SENT.trim().as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line) + "\n");
    let wrapped: String = wrapped.collect();
    assert_eq!(Manifest::decode(&wrapped).unwrap(), Manifest::decode(SENT).unwrap(), "blanks are ignored");
}

/// A manifest with the least that it must have and this under `compManifest`.
fn with(comp: Value) -> Value {
    json!({"version": "0.1.0", "createdAt": "2023-06-26T00:00:00Z", "expiresAt": "2100-01-01T00:00:00+01:00",
           "payload": [], "compManifest": comp})
}

fn with_out(out: Value) -> Value {
    with(json!({"version": "0.1.0", "net": {"inet": {"out": out}}}))
}

fn read(manifest: &Value) -> Result<Manifest, String> {
    Manifest::read(&manifest.to_string()).map_err(|error| error.to_string())
}

fn request(out: Value) -> Result<OutboundRequest, String> {
    read(&with_out(out)).map(|manifest| manifest.request())
}

#[test]
fn an_empty_list_or_no_out_requests_nothing() {
    assert_eq!(request(json!({"urls": []})), Ok(OutboundRequest::None));
    for comp in [json!({"version": "0.1.0", "net": {"inet": {}}}), json!({"version": "0.1.0"})] {
        assert_eq!(read(&with(comp)).unwrap().request(), OutboundRequest::None);
    }
}

#[test]
fn urls_or_unrestricted_can_be_asked_for() {
    assert_eq!(request(json!({"unrestricted": {"urls": true}})), Ok(OutboundRequest::Unrestricted));
    let urls = OutboundRequest::Urls(vec![Url::parse("https://a.io").unwrap()]);
    assert_eq!(request(json!({"urls": ["https://a.io"]})), Ok(urls.clone()));
    assert_eq!(request(json!({"urls": ["https://a.io"], "unrestricted": {"urls": true}})), Ok(urls));
    assert_eq!(
        request(json!({"urls": ["a.io"], "unrestricted": {"urls": true}})),
        Ok(OutboundRequest::Unrestricted)
    );
}

#[test]
fn unknown_fields_are_allowed_everywhere() {
    let mut manifest = with_out(json!({"urls": ["https://a.io"], "more": 1}));
    manifest["more"] = json!([]);
    manifest["compManifest"]["more"] = json!({});
    manifest["payload"] = json!([{"urls": [], "hash": "sha3:00", "more": "x"}]);
    assert!(read(&manifest).is_ok());
}

#[test]
fn neither_urls_nor_unrestricted_is_an_error() {
    for out in
        [json!({}), json!({"protocols": ["https"]}), json!({"urls": ["ipfs.io"]}), json!({"urls": "x"})]
    {
        let error = request(out).unwrap_err();
        assert!(error.contains("data did not match any variant of untagged enum Representation"), "{error}");
    }
}

#[test]
fn unrestricted_urls_false_is_an_error() {
    let error = request(json!({"unrestricted": {"urls": false}})).unwrap_err();
    assert!(
        error.starts_with(
            r#"invalid manifest: ManifestFormat(Error("'unrestricted.urls: false' is not valid", line: 1"#
        ),
        "{error}"
    );
}

#[test]
fn protocols_default_to_four_and_change_nothing() {
    let manifest = read(&with_out(json!({"urls": ["ftp://a.io"]}))).unwrap();
    assert_eq!(manifest.out().unwrap().protocols, ["http", "https", "ws", "wss"]);
    let narrow = read(&with_out(json!({"protocols": [], "urls": ["ftp://a.io"]}))).unwrap();
    assert_eq!(narrow.request(), manifest.request());
}

#[test]
fn what_a_provider_cannot_read_has_its_words() {
    let refused = |text: &str| Manifest::decode(text).unwrap_err().to_string();
    assert_eq!(
        refused("%%"),
        r#"invalid manifest: ManifestFormat(Error("expected value", line: 1, column: 1))"#
    );
    assert_eq!(
        refused("{}"),
        r#"invalid manifest: ManifestFormat(Error("missing field `version`", line: 1, column: 2))"#
    );
    assert_eq!(
        refused(r#""\q""#),
        r#"invalid manifest: DecodingError(BlobJsonString(InvalidEscape { escape: "\\q" }))"#
    );
}

#[test]
fn every_required_field_is_missed_by_its_name() {
    for field in ["version", "createdAt", "expiresAt", "payload"] {
        let mut manifest = with_out(json!({"urls": []}));
        manifest.as_object_mut().unwrap().remove(field);
        let error = read(&manifest).unwrap_err();
        assert!(error.contains(&format!("missing field `{field}`")), "{error}");
    }
    let refused = |comp| read(&with(comp)).unwrap_err();
    assert!(refused(json!({})).contains("missing field `version`"));
    assert!(refused(json!({"version": "0.1.0", "script": {}})).contains("missing field `commands`"));
    let mut manifest = with_out(json!({"urls": []}));
    manifest["metadata"] = json!({"version": "1.0.0"});
    assert!(read(&manifest).unwrap_err().contains("missing field `name`"));
    manifest["metadata"] = json!({"name": "x"});
    assert!(read(&manifest).is_ok(), "its version is optional");
}

#[test]
fn versions_dates_urls_and_commands_are_parsed() {
    let refused = |path: &str, value: Value| {
        let mut manifest = with(json!({"version": "0.1.0", "script": {"commands": []}}));
        manifest["payload"] = json!([{"urls": [], "hash": ""}]);
        *manifest.pointer_mut(path).unwrap() = value;
        read(&manifest).unwrap_err()
    };
    assert!(
        refused("/version", json!("1.0")).contains("unexpected end of input while parsing minor version")
    );
    assert!(refused("/compManifest/version", json!("one")).contains("unexpected character"));
    assert!(refused("/createdAt", json!("2023-06-26")).starts_with("invalid manifest: ManifestFormat("));
    assert!(
        refused("/payload/0/urls", json!(["ipfs.io"]))
            .contains(r#"invalid value: string \"ipfs.io\", expected relative URL without a base"#)
    );
    assert!(refused("/compManifest/script/commands", json!([1])).contains(
        "invalid type: integer `1`, expected command string or a json string with a command object"
    ));
    assert!(
        refused("/compManifest/script", json!({"commands": [], "match": "glob"})).contains("unknown variant")
    );
}

#[test]
fn dates_in_the_past_or_in_the_wrong_order_change_nothing() {
    let mut manifest = with_out(json!({"urls": ["https://a.io"]}));
    manifest["createdAt"] = json!("2100-01-01T00:00:00Z");
    manifest["expiresAt"] = json!("1999-01-01 00:00:00Z");
    assert!(matches!(read(&manifest).unwrap().request(), OutboundRequest::Urls(_)));
}

#[test]
fn a_property_of_bare_json_cannot_be_read_by_a_provider_but_a_quoted_one_can() {
    let text = with_out(json!({"urls": ["https://a.io"]})).to_string();
    assert!(Manifest::decode(&text).is_err(), "its quotes are taken away");
    assert_eq!(Manifest::decode(&format!("'{text}'")).unwrap(), Manifest::read(&text).unwrap());
}

#[test]
fn what_it_asks_for_is_said_in_sentences() {
    insta::assert_snapshot!(Manifest::decode(SENT).unwrap().describe().join("\n"), @r"
    It asks for one URL: `https://pypi.dev.golem.network`.
    Its protocols (`https`) are read by no provider: what counts is the scheme of each URL.
    Its nodes run the image with the hash `sha3:1c47b4b29e4d47a6a1d2a19d6e3f8d4b0a2c7c8d4f4a21a0b9c4c5d1`, from `http://127.0.0.1:7465/images/1c47b4b29e4d47a6a1d2a19d6e3f8d4b0a2c7c8d4f4a21a0b9c4c5d1.gvmi`.
    The node may run and transfer what contains a match of a regex: `run /bin/sh -c *` (every command of a shell passes); to deploy, start, sign and terminate is always allowed.
    Its dates, 2023-06-26T00:00:00.000000Z and 2100-01-01T00:00:00.000000Z, must be dates, but no provider compares them with the clock: it never expires.
    It says to be made by Golem Ray 0.0.1 (Golem ray webserver).
    ");
}

#[test]
fn a_foreign_manifest_is_described_too() {
    let mut manifest = with(json!({"version": "0.1.0", "script": {"commands": []},
                                   "net": {"inet": {"out": {"unrestricted": {"urls": true}}}}}));
    manifest["payload"] =
        json!([{"platform": {"arch": "x86_64", "os": "linux"}, "urls": [], "hash": "sha3:00"}]);
    let sentences = read(&manifest).unwrap().describe();
    assert!(sentences[0].starts_with("It asks for unrestricted access"));
    assert_eq!(
        sentences[2],
        "Its nodes on linux x86_64 run the image with the hash `sha3:00`, from nowhere."
    );
    assert!(sentences[3].starts_with("It lists no command"));
    let nothing = read(&with(json!({"version": "0.1.0"}))).unwrap().describe();
    assert!(nothing[0].starts_with("It asks for no outbound access"));
    assert!(nothing[1].starts_with("It names no commands"));
}

fn any_manifest() -> impl Strategy<Value = Manifest> {
    let url = "(https?|udp)://[a-z]{1,5}\\.io(:[1-9][0-9]{0,3})?(/[a-zü]{0,4})?";
    let access =
        prop_oneof![prop::collection::vec(url, 0..4).prop_map(Access::Urls), Just(Access::Unrestricted)];
    let out = (access, prop::collection::vec("[a-z]{0,4}", 0..3))
        .prop_map(|(access, protocols)| Out { protocols, access });
    let script = (prop::collection::vec("\\PC{0,8}", 0..3), prop::bool::ANY).prop_map(|(commands, regex)| {
        Script { commands, kind: if regex { MatchKind::Regex } else { MatchKind::Strict } }
    });
    let metadata = ("\\PC{0,5}", prop::option::of("\\PC{0,5}"), prop::collection::vec("\\PC{0,5}", 0..2))
        .prop_map(|(name, description, authors)| Metadata {
            name,
            description,
            version: None,
            authors,
            homepage: None,
        });
    (prop::option::of(out), prop::option::of(script), prop::option::of(metadata)).prop_map(
        |(out, script, metadata)| Manifest {
            metadata,
            comp_manifest: Some(CompManifest {
                version: Version::new(1, 2, 3),
                script,
                net: Some(Net { inet: Some(Inet { out }) }),
            }),
            ..Manifest::decode(SENT).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(manifest in any_manifest()) {
        prop_assert_eq!(&Manifest::decode(&manifest.to_base64()).unwrap(), &manifest);
        prop_assert_eq!(&Manifest::read(&serde_json::to_string(&manifest).unwrap()).unwrap(), &manifest);
        manifest.describe();
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC*") {
        let _ = Manifest::read(&text);
        let _ = Manifest::decode(&STANDARD.encode(&text));
    }

    #[test]
    fn no_value_in_any_place_makes_reading_panic(
        path in prop::sample::select(vec![
            "/version", "/createdAt", "/payload", "/compManifest", "/compManifest/net/inet/out",
            "/compManifest/net/inet/out/urls",
        ]),
        value in prop_oneof![
            Just(json!(null)), Just(json!(-1)), Just(json!({"urls": {}})), Just(json!([[]])), "\\PC{0,9}".prop_map(|text| json!(text)),
        ],
    ) {
        let mut manifest = with_out(json!({"urls": []}));
        *manifest.pointer_mut(path).unwrap() = value;
        if let Ok(manifest) = read(&manifest) {
            manifest.describe();
            manifest.request();
        }
    }
}
