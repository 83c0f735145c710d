//! Edits of cluster files, one layout after another.

use proptest::prelude::*;

use super::*;

fn urls(list: &[&str]) -> Vec<Url> {
    list.iter().map(|url| Url::parse(url).unwrap()).collect()
}

fn declared(text: &str) -> String {
    let done = declare(text, &urls(&["https://new.io/a?b", "https://new.io/c"]))
        .unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(done.added, ["https://new.io"], "{text}");
    let again = declare(&done.text, &urls(&["https://new.io/other"])).unwrap();
    assert_eq!(again, Declared { text: done.text.clone(), added: vec![] });
    done.text
}

/// A cluster file around the lines below `node_config:`, which are indented by six.
fn around(lines: &str) -> String {
    format!(
        "provider:\n  parameters:\n    node_config:\n{lines}available_node_types:\n  head: {{node_config: {{}}}}\n  \
         worker:\n    node_config:\n      demand: {{min_mem_gib: 1}}\nfile_mounts: {{}}\n"
    )
}

#[test]
fn a_list_grows_in_its_own_style() {
    for (before, after) in [
        (
            "outbound_urls: [\"https://a\", 'https://b']",
            "outbound_urls: [\"https://a\", 'https://b', 'https://new.io']",
        ),
        ("outbound_urls: [https://a,] # why", "outbound_urls: [https://a, \"https://new.io\",] # why"),
        ("outbound_urls: [] # none", "outbound_urls: [\"https://new.io\"] # none"),
        (
            "outbound_urls: [\n          https://a, # one\n          https://b # two\n        ]",
            "outbound_urls: [\n          https://a, # one\n          https://b, # two\n          \"https://new.io\"\n        ]",
        ),
        (
            "outbound_urls:\n          # why\n          - \"https://a\" # so\n\n          # and\n          - 'https://b'   # more\n          # end",
            "outbound_urls:\n          # why\n          - \"https://a\" # so\n\n          # and\n          - 'https://b'   # more\n          - 'https://new.io'\n          # end",
        ),
        (
            "outbound_urls:\n        - https://a",
            "outbound_urls:\n        - https://a\n        - \"https://new.io\"",
        ),
        (
            "outbound_urls: # none\n        image_tag: x",
            "outbound_urls: # none\n          - \"https://new.io\"\n        image_tag: x",
        ),
        ("outbound_urls: ~", "outbound_urls: [\"https://new.io\"]"),
        ("outbound_urls: null # so", "outbound_urls: [\"https://new.io\"] # so"),
        ("image_tag: x", "outbound_urls:\n          - \"https://new.io\"\n        image_tag: x"),
        (
            "# a comment\n        image_tag: x",
            "outbound_urls:\n          - \"https://new.io\"\n        # a comment\n        image_tag: x",
        ),
    ] {
        let text = |lines: &str| around(&format!("      demand:\n        {lines}\n"));
        assert_eq!(declared(&text(before)), text(after));
        assert_eq!(declared(&text(before).replace('\n', "\r\n")), text(after).replace('\n', "\r\n"));
    }
}

#[test]
fn what_leads_to_the_list_is_made() {
    for (before, after) in [
        (
            "      subnet_tag: x\n",
            "      demand:\n        outbound_urls:\n          - \"https://new.io\"\n      subnet_tag: x\n",
        ),
        ("      demand: {}\n", "      demand: {outbound_urls: [\"https://new.io\"]}\n"),
        (
            "      demand: {image_tag: x}\n",
            "      demand: {outbound_urls: [\"https://new.io\"], image_tag: x}\n",
        ),
        (
            "      demand: {outbound_urls: , image_tag: x}\n",
            "      demand: {outbound_urls: [\"https://new.io\"], image_tag: x}\n",
        ),
        ("      demand:\n", "      demand:\n        outbound_urls:\n          - \"https://new.io\"\n"),
        ("", "      demand:\n        outbound_urls:\n          - \"https://new.io\"\n"),
    ] {
        assert_eq!(declared(&around(before)).replace(" , ", ", "), around(after));
    }
    assert_eq!(
        declared("provider:\n  type: external\n"),
        "provider:\n  parameters:\n    node_config:\n      demand:\n        outbound_urls:\n          - \"https://new.io\"\n  type: external\n"
    );
    assert_eq!(
        declared("provider: {parameters: {}}"),
        "provider: {parameters: {node_config: {demand: {outbound_urls: [\"https://new.io\"]}}}}"
    );
}

#[test]
fn a_file_without_a_last_line_break_stays_so() {
    let text = "available_node_types: {h: {node_config: {}}}\nprovider:\n  parameters:\n    node_config:\n      demand:\n        outbound_urls:\n        - https://a";
    assert_eq!(declared(text), format!("{text}\n        - \"https://new.io\""));
}

#[test]
fn lists_of_node_types_grow_where_no_common_one_is() {
    let text = |more: &str| {
        format!(
            "provider:\n  parameters: {{}}\navailable_node_types:\n  head:\n    node_config: {{demand: {{outbound_urls: [https://a{more}]}}}}\n  \
             worker:\n    node_config: {{demand: {{outbound_urls: [https://new.io, https://a]}}}}\n"
        )
    };
    assert_eq!(declared(&text("")), text(", \"https://new.io\""));
}

#[test]
fn aliases_and_merges_are_followed_to_where_the_list_stands() {
    let anchor = |list: &str| {
        format!(
            "provider: {{parameters: {{}}}}\navailable_node_types:\n  head:\n    node_config: &all\n      demand:\n        outbound_urls: {list}\n  \
             worker:\n    node_config: *all\n  other:\n    node_config:\n      <<: *all\n      subnet_tag: x\n"
        )
    };
    assert_eq!(declared(&anchor("[https://a]")), anchor("[https://a, \"https://new.io\"]"));
    let shared = |list: &str| {
        format!(
            "available_node_types:\n  head:\n    node_config: {{demand: {{outbound_urls: &urls {list}}}}}\n\
             provider:\n  parameters:\n    node_config:\n      demand:\n        outbound_urls: *urls\n"
        )
    };
    assert_eq!(declared(&shared("[https://a]")), shared("[https://a, \"https://new.io\"]"));
}

#[test]
fn what_cannot_be_edited_for_certain_is_left_to_its_owner() {
    for text in [
        // The anchor's list is used for something else as well.
        "file_mounts: &x [https://a]\nprovider: {parameters: {node_config: {demand: {outbound_urls: *x}}}}\n"
            .to_owned(),
        around("      demand:\n        outbound_urls: https://a\n"),
        around("      demand:\n        outbound_urls:\n        -\n          https://a\n")
            .replace("        -\n", "        - # x\n"),
        "cluster_name: x\n".to_owned(),
    ] {
        match declare(&text, &urls(&["https://new.io"])) {
            Ok(done) => {
                assert!(verify::says_only(&text, &done.text, &["https://new.io".into()]), "{}", done.text)
            }
            Err(error) => {
                assert!(error.message().contains("cannot edit for certain"), "{error}");
                assert!(error.hints()[0].contains("`- \"https://new.io\"`"), "{error}");
            }
        }
    }
    let broken = declare("a: [", &urls(&["https://new.io"])).unwrap_err();
    assert!(broken.message().contains("broken-yaml"), "{broken}");
}

#[test]
fn scheme_and_port_count_and_what_covers_them_is_not_repeated() {
    let text = around("      demand: {outbound_urls: [\"https://new.io:443/x\"]}\n");
    let add = |list: &[&str]| declare(&text, &urls(list)).unwrap().added;
    assert_eq!(add(&["https://new.io/y"]), [""; 0]);
    assert_eq!(
        add(&["http://new.io/y", "https://new.io:8443/", "http://new.io/z"]),
        ["http://new.io", "https://new.io:8443"]
    );
}

/// Files with a list in some style, at one of the places, between comments.
fn file() -> impl Strategy<Value = (String, Vec<String>)> {
    let hosts = prop::collection::vec("[a-z]{1,6}\\.(io|org)", 0..4);
    let style = 0..4_usize;
    let quote = prop::sample::select(vec!["", "\"", "'"]);
    let comment = prop::sample::select(vec!["", " # why", " # [\"https://x\"]"]);
    (hosts, style, quote, comment, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(hosts, style, quote, comment, above, carriage, newline)| {
            let urls: Vec<String> = hosts.iter().enumerate().map(|(n, host)| format!("https://h{n}.{host}")).collect();
            let item = |url: &String| format!("{quote}{url}{quote}");
            let list = match style {
                _ if urls.is_empty() => [" []", "", " null", " [\n        ]"][style].to_owned() + comment,
                0 => format!(" [{}]{comment}", urls.iter().map(item).collect::<Vec<_>>().join(", ")),
                1 => {
                    let lines: Vec<String> = urls.iter().map(|url| format!("          {}", item(url))).collect();
                    format!(" [{comment}\n{}\n        ]", lines.join(&format!(",{comment}\n")))
                }
                _ => {
                    let dent = if style == 2 { "        " } else { "          " };
                    let above = if above { format!("\n{dent}# above") } else { String::new() };
                    urls.iter().map(|url| format!("{above}\n{dent}- {}{comment}", item(url))).collect()
                }
            };
            let text = format!(
                "cluster_name: x\n# c\nprovider:\n  parameters:\n    node_config:\n      demand:\n        min_mem_gib: 1\n        \
                 outbound_urls:{list}\n        image_tag: y # [\n\n      # after\navailable_node_types:\n  ray.head.default:\n    node_config: {{}}"
            );
            let text = if newline { text + "\n" } else { text };
            (if carriage { text.replace('\n', "\r\n") } else { text }, urls)
        },
    )
}

proptest! {
    #[test]
    fn an_edit_adds_what_it_should_and_changes_nothing_else((text, old) in file()) {
        let new = ["https://new.io".to_owned(), "http://new.org:81".to_owned()];
        let done = declare(&text, &urls(&["https://new.io/a", "http://new.org:81/b#c"])).unwrap();
        prop_assert_eq!(&done.added[..], &new[..]);
        let (config, _) = ClusterConfig::parse(&done.text);
        let listed: Vec<String> = config.unwrap().outbound_urls.iter().map(origin).collect();
        prop_assert_eq!(listed, [old, new.to_vec()].concat(), "{}", done.text);
        prop_assert_eq!(declare(&done.text, &urls(&["https://new.io/x"])).unwrap().text, done.text.clone());
        let lost: Vec<&str> = text.lines().filter(|line| !done.text.lines().any(|after| after == *line)).collect();
        prop_assert!(lost.len() <= 1, "{:?}\n{}", lost, done.text);
        for line in lost {
            let mut letters = done.text.chars();
            prop_assert!(line.chars().filter(|c| !"nul".contains(*c)).all(|c| letters.any(|other| other == c)));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(provider|parameters|node_config|demand|outbound_urls|[\\[\\]{}:&*~'\"#\\- \nax,é]){0,30}") {
        if let Ok(done) = declare(&text, &urls(&["https://new.io"])) {
            prop_assert!(done.text.contains("https://new.io"));
        }
    }
}
