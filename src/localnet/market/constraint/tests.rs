use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn offer() -> Properties {
    let Value::Object(properties) = json!({
        "golem.runtime.name": "vm",
        "golem.node.debug.subnet": "public",
        "golem.inf.cpu.threads": 4,
        "golem.inf.mem.gib": 2.5,
        "golem.runtime.capabilities": ["vpn", "inet", "manifest-support"],
        "golem.srv.caps.multi-activity": true,
        "golem.com.payment.protocol.version": 3,
        "golem.!exp.gap-31.v0.node.descriptor": "x",
    }) else {
        unreachable!()
    };
    properties
}

fn matches(text: &str) -> bool {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&offer())
}

#[test]
fn the_demand_of_ray_on_golem_matches_an_offer_that_has_it_all() {
    assert!(matches(
        "(&(golem.node.debug.subnet=public)\n\t(golem.com.payment.protocol.version>1)\n\t(golem.runtime.name=vm)\n\t\
         (&(golem.runtime.capabilities=vpn)\n\t(golem.runtime.capabilities=inet)\n\t\
         (golem.runtime.capabilities=manifest-support)))"
    ));
}

#[test]
fn comparisons_take_the_type_of_the_property() {
    assert!(matches("(golem.inf.cpu.threads>=4)") && matches("(golem.inf.cpu.threads<=4)"));
    assert!(!matches("(golem.inf.cpu.threads>4)") && !matches("(golem.inf.cpu.threads<4)"));
    assert!(matches("(golem.inf.mem.gib>2)"), "as numbers, 2.5 > 2");
    assert!(matches("(golem.inf.cpu.threads<10)"), "not as texts, where 4 > 10");
    assert!(matches("(golem.srv.caps.multi-activity=true)"));
    assert!(!matches("(golem.inf.cpu.threads=four)"));
}

#[test]
fn a_list_contains_or_equals() {
    assert!(matches("(golem.runtime.capabilities=inet)") && !matches("(golem.runtime.capabilities=gpu)"));
    assert!(matches("(golem.runtime.capabilities=[inet,vpn,manifest-support])"));
    assert!(!matches("(golem.runtime.capabilities=[inet,vpn])"));
}

#[test]
fn presence_wildcards_and_negation() {
    assert!(matches("(golem.runtime.name=*)") && !matches("(golem.runtime.version=*)"));
    assert!(matches("(golem.node.debug.subnet=pub*)") && matches("(golem.node.debug.subnet=p*b*c)"));
    assert!(!matches("(golem.node.debug.subnet=p*x*)"));
    assert!(matches("(!(golem.runtime.name=wasm))") && !matches("(!(golem.runtime.name=vm))"));
    assert!(matches("(golem.!exp.gap-31.v0.node.descriptor=x)"));
}

#[test]
fn a_missing_property_is_undefined_not_false() {
    assert!(!matches("(absent=1)") && !matches("(!(absent=1))"));
    assert!(!matches("(absent=*)") && matches("(!(absent=*))"), "presence is never undefined");
    assert!(matches("(|(absent=1)(golem.runtime.name=vm))"));
    assert!(!matches("(&(absent=1)(golem.runtime.name=vm))"));
}

#[test]
fn nothing_constrains_nothing() {
    assert!(matches("()") && matches("(&)"));
    assert!(!matches("(|)"));
}

#[test]
fn what_is_no_constraint_says_where() {
    for (text, at) in
        [("", 0), ("(a=1", 4), ("(=1", 3), ("(a)", 3), ("a=1", 0), ("(&(a=1)", 7), ("(a~=1)", 2)]
    {
        assert_eq!(parse(text).unwrap_err().at, at, "{text:?}");
    }
    assert!(parse(&"(&".repeat(100_000)).is_err(), "deep nesting ends as an error");
}

#[test]
fn what_follows_the_first_filter_does_not_matter() {
    assert!(matches("(golem.runtime.name=vm))") && matches("(golem.runtime.name=vm)(absent=1) and so on"));
}

#[test]
fn spaces_count_in_names_and_values_but_not_between_filters() {
    assert!(matches(" ( & (golem.runtime.name=vm)\n(golem.inf.cpu.threads=4) ) "));
    assert!(!matches("(golem.runtime.name= vm)") && !matches("(golem.runtime.name =vm)"));
    assert!(!matches("(golem.inf.cpu.threads= 4)"), "` 4` is no number");
}

#[test]
fn a_pattern_with_an_asterisk_is_a_regular_expression() {
    assert!(matches("(golem.node.debug.subnet=p.b*)") && !matches("(golem.node.debug.subnet=p.blic)"));
    assert!(!matches("(golem.node.debug.subnet=[*)"), "one that cannot be compiled matches nothing");
    assert!(parse("(golem.node.debug.subnet=*lic)").is_err(), "`=*` at the beginning asks for presence");
}

#[test]
fn a_type_in_the_filter_reads_a_text() {
    let properties = json!({"v": "0.12.0", "d": "1.10", "t": "2026-01-01T00:00:00+02:00", "n": 5});
    let matches = |text: &str| parse(text).unwrap().matches(properties.as_object().unwrap());
    assert!(matches("(v$v>0.4.2)") && !matches("(v>0.4.2)"));
    assert!(matches("(d$d=1.1)") && !matches("(d=1.1)"));
    assert!(matches("(t$t<2026-01-01T00:00:00Z)"));
    assert!(!matches("(n$d=5)") && !matches("(!(n$d=5))"), "a number is no text: undefined");
    assert!(!matches("(v[a]=1)") && !matches("(!(v[a]=1))") && matches("(!(v[a]=*))"), "no aspects");
}

#[test]
fn what_the_market_cannot_read_is_no_property() {
    let properties =
        json!({"null": null, "list": ["a", null], "bell": "\u{7}", "quote": "a\"b", "sp": "  a "});
    let matches = |text: &str| parse(text).unwrap().matches(properties.as_object().unwrap());
    for name in ["null", "list", "bell"] {
        assert!(matches(&format!("(!({name}=*))")), "{name}");
    }
    assert!(matches(r#"(quote=a\"b)"#) && matches("(sp=a )"));
}

fn constraint() -> impl Strategy<Value = Constraint> {
    let name = "[a-z]{1,5}(\\.[a-z-]{1,5}){0,2}";
    let operator = prop::sample::select(vec![
        Operator::Equal,
        Operator::Less,
        Operator::LessEqual,
        Operator::Greater,
        Operator::GreaterEqual,
    ]);
    let leaf = prop_oneof![
        name.prop_map(|name| Constraint::Present(name.as_str().into())),
        (name, operator, "[a-z0-9.]{1,6}").prop_map(|(property, operator, value)| Constraint::Compare {
            property: property.as_str().into(),
            operator,
            value
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Constraint::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Constraint::Any),
            inner.prop_map(|inner| Constraint::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(constraint in constraint()) {
        prop_assert_eq!(parse(&constraint.to_string()).unwrap(), constraint);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[(&|!)a-c=<>*\\[\\], é]{0,40}") {
        if let Ok(constraint) = parse(&text) {
            constraint.matches(&offer());
        }
    }

    #[test]
    fn twice_negated_is_the_same(constraint in constraint()) {
        let twice = Constraint::Not(Box::new(Constraint::Not(Box::new(constraint.clone()))));
        prop_assert_eq!(twice.matches(&offer()), constraint.matches(&offer()));
    }
}
