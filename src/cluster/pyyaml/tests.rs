//! What Python makes of texts. Every line was compared with PyYAML 6.0.3's `safe_load`.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use serde_yaml::Value;

use super::load;

/// The value of `a`, as JSON; `None` if Python refuses the text.
fn read(text: &str) -> Option<Json> {
    let loaded = load(&format!("a: {text}\n")).ok()?;
    serde_json::to_value(loaded.root.value.get("a")?).ok()
}

#[test]
fn words_and_numbers_are_those_of_yaml_1_1() {
    for (texts, value) in [
        (&["yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"][..], json!(true)),
        (&["no", "off", "Off", "false", "!!bool NO"], json!(false)),
        (&["", "~", "null", "Null", "NULL", "!!null x"], json!(null)),
        (&["12", "+12", "1_2", "0b1100", "0xC", "014", "0_14", "!!int '12'"], json!(12)),
        (&["-12", "-0b1100", "-0xc", "-014"], json!(-12)),
        (&["0", "-0", "00", "0_"], json!(0)),
        (&["1:30", "+1:30", "90"], json!(90)),
        (&["1:30:00"], json!(5400)),
        (&["18446744073709551615"], json!(18446744073709551615_u64)),
        (&["1.5", "+1.5", "1.5e+0", "1_.5", "!!float '1.5'"], json!(1.5)),
        (&["1.", "1.0", "1.e+0", "1.0e-0"], json!(1.0)),
        (&[".5", "0.5", ".5e+0"], json!(0.5)),
        (&["1:30.5"], json!(90.5)),
        (&["1.0e+3", "1000.0"], json!(1000.0)),
    ] {
        for text in texts {
            assert_eq!(read(text), Some(value.clone()), "{text:?}");
        }
    }
}

#[test]
fn what_looks_like_a_number_or_a_word_may_be_a_text() {
    for text in [
        "1e3", "1.0e3", "0o17", "08", "09.x", "1:60", "0x", "y", "n", "yEs", "nULL", "+", "-.", "1,5", "1 2",
        "2024-1-1", "24-01-01", "=x", "+.nan", "0b12", "1__:a", "<",
    ] {
        assert_eq!(read(text), Some(json!(text)), "{text:?}");
    }
    for text in ["'yes'", "\"yes\"", "! yes", "!!str yes", "|-\n  yes", ">-\n  yes"] {
        assert_eq!(read(text), Some(json!("yes")), "{text:?}");
    }
}

#[test]
fn what_python_refuses_is_refused() {
    for text in [
        "=",
        "0b_",
        "0x_",
        "2024-02-30",
        "2024-13-01",
        "0000-01-01",
        "2024-01-01 25:00:00",
        "!mine x",
        "!!python/tuple [1]",
        "!!int x",
        "!!bool maybe",
        "*x",
        "[&x 1, &x 2]",
        "{[1]: 2}",
        "{{a: b}: 2}",
        "{<<: 1}",
        "{<<: [1]}",
        "{<<: [[{b: 1}]]}",
        "!!str [1]",
        "!!map [1]",
        "!!seq {b: 1}",
        "[!x, 1]",
        "1\n---\nb: 2",
    ] {
        assert_eq!(read(text), None, "{text:?}");
    }
}

#[test]
fn a_date_is_none_of_the_other_kinds() {
    for text in ["2024-02-29", "2024-1-1 1:02:03", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5 +01:00"] {
        let loaded = load(&format!("a: {text}\n")).unwrap();
        assert!(matches!(loaded.root.value.get("a"), Some(Value::Tagged(_))), "{text:?}");
    }
}

#[test]
fn of_equal_keys_the_last_one_counts_and_of_merged_ones_the_first() {
    let merged = |text: &str| read(text).unwrap();
    assert_eq!(merged("{b: 1, c: 2, b: 3}"), json!({"b": 3, "c": 2}));
    assert_eq!(
        merged("[&x {b: 1, c: 1}, &y {b: 2, d: 2}, {<<: [*x, *y], c: 3}]")[2],
        json!({"b": 1, "c": 3, "d": 2})
    );
    assert_eq!(merged("[&x {b: 1}, {b: 3, <<: *x}]")[1], json!({"b": 3}));
    assert_eq!(merged("[&x {b: 1}, &y {<<: *x, c: 2}, {<<: *y}]")[2], json!({"b": 1, "c": 2}));
    assert_eq!(merged("{'<<': 1}"), json!({"<<": 1}), "in quotes it is a key as any other");
    assert_eq!(load("a: 1\nb: 1\na: 2\n").unwrap().twice[0].0, "a");
    assert!(load("x: &x {a: 1}\ny: {<<: *x, a: 2}\n").unwrap().twice.is_empty());
}

#[test]
fn what_multiplies_or_sinks_without_end_is_refused() {
    let bomb: String = (1..12)
        .map(|level| {
            let above = format!("*x{}, ", level - 1).repeat(9);
            format!("x{level}: &x{level} [{above}]\n")
        })
        .collect();
    let found = load(&format!("x0: &x0 [1]\n{bomb}")).unwrap_err();
    assert_eq!(found.message, "its aliases multiply without end");
    assert!(load(&format!("a: {}{}\n", "[".repeat(200), "]".repeat(200))).is_err());
}

/// Values that JSON can write, whose texts PyYAML's reader takes.
#[test]
fn a_block_may_end_with_the_text() {
    let read = |text: &str| load(text).unwrap().root.value.get("a").unwrap().as_str().unwrap().to_owned();
    for (text, value) in [
        ("a: |\n  x", "x"),
        ("a: |+\n  x", "x"),
        ("a: >-\n  x\n  y", "x y"),
        ("a: |\n  x\n", "x\n"),
        ("a: |\n  x\n\n", "x\n"),
        ("a: \"x\\n\"", "x\n"),
    ] {
        assert_eq!(read(text), value, "{text:?}");
    }
}

#[test]
fn a_comma_belongs_to_the_tag_before_it_and_to_no_text_with_an_exclamation_mark() {
    for (text, tag, column) in [
        ("a: [!b,c]", "!b,", 5),
        ("a: [!b, c]", "!b,", 5),
        ("a: [!,]", "!,", 5),
        ("a: [!!str, c]", "!!str,", 5),
        ("a: [!<tag:yaml.org,2002:str>, c]", "!<tag:yaml.org,2002:str>,", 5),
        ("a: [&x !b, c]", "!b,", 8),
        ("\u{feff}a: ['ä!,', !b, c]", "!b,", 12),
    ] {
        let found = load(text).unwrap_err();
        assert!(found.message.ends_with(&format!("the tag `{tag}`")), "{found:?} in {text}");
        assert_eq!((found.place.line, found.place.column), (1, column), "{text}");
    }
    for (text, value) in [
        (r#"a: ",!,""#, ",!,"),
        (r#"{"a": "x, !y, z"}"#, "x, !y, z"),
        ("a: 'x, - !y,'", "x, - !y,"),
        ("a: x - !y, z", "x - !y, z"),
        ("a: |\n  - !y,\n", "- !y,\n"),
        ("a: x # [!y,z]\n", "x"),
        ("a: !<tag:yaml.org,2002:str> x", "x"),
    ] {
        let loaded = load(text).unwrap_or_else(|problem| panic!("{problem:?} in {text}"));
        assert_eq!(loaded.root.value.get("a").unwrap().as_str().unwrap(), value, "{text}");
    }
    let list = load("['x!',b, c!,d]").unwrap();
    assert_eq!(list.root.items.len(), 4);
}

#[test]
fn a_place_is_on_the_line_of_an_editor_whatever_else_ends_a_line_in_yaml() {
    let places = |text: &str| -> Vec<(usize, usize)> {
        let loaded = load(text).unwrap_or_else(|problem| panic!("{problem:?} in {text:?}"));
        loaded.root.entries.iter().map(|entry| (entry.key_place.line, entry.key_place.column)).collect()
    };
    assert_eq!(places("a: 1\nb: 2\n"), [(1, 1), (2, 1)]);
    assert_eq!(places("a: 1\r\nb: 2\r\n"), [(1, 1), (2, 1)]);
    assert_eq!(places("a: 1\rb: 2\nc: 3\n"), [(1, 1), (1, 6), (2, 1)]);
    assert_eq!(places("ä: 1\u{2028}b: 2\n"), [(1, 1), (1, 6)]);
    let problem = load("r:\ra").unwrap_err();
    assert_eq!((problem.place.line, problem.place.column), (1, 5), "{problem:?}");
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1_000_000..1_000_000_i32).prop_map(|number| Json::from(f64::from(number) / 64.0)),
        "[ -~äß€\n\t]{0,12}".prop_map(Json::from),
        // What YAML gives a meaning to, outside of quotes.
        "[-!,:?&*#|>%@' ab\\[\\]{}]{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map("[ -~]{0,8}", inner, 0..6)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(value in values()) {
        let printed = format!("{{\"a\": {value}}}");
        let loaded = load(&printed).map_err(|problem| TestCaseError::fail(format!("{problem:?} in {printed}")))?;
        let read = serde_json::to_value(loaded.root.value.get("a").unwrap()).unwrap();
        prop_assert_eq!(&read, &value);
        let again = load(&format!("{{\"a\": {read}}}")).unwrap();
        prop_assert_eq!(&again.root.value, &loaded.root.value);
    }

    /// Also of texts that the reader of the syntax would have refused before.
    #[test]
    fn no_text_breaks_it(text in "([-\\[\\]{}:,#&*!|>'\"%@`~?= \n\tab1.]|<<|!!|- |: |\n  ){0,40}") {
        if let Ok(loaded) = load(&text) {
            let lines = text.lines().count().max(1);
            for entry in &loaded.root.entries {
                prop_assert!((1..=lines).contains(&entry.key_place.line), "{:?} in {:?}", entry.key_place, text);
            }
        }
    }
}
