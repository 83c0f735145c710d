//! How Python's strings are read.

use proptest::prelude::*;

use super::*;

/// What each literal says, with `…` for what is known only at run time.
fn said(text: &str) -> Vec<String> {
    let say = |literal: &Literal| literal.units.iter().map(|unit| unit.character.unwrap_or('…')).collect();
    scan(text).literals.iter().map(say).collect()
}

#[test]
fn quotes_prefixes_and_comments() {
    assert_eq!(
        said("a = 'x' + \"y\" # 'no'\nb = '''p\n'q' ''' ; c = r\"\\d\\\"\""),
        ["x", "y", "p\n'q' ", "\\d\\\""]
    );
    assert_eq!(said("B'a' rb'\\n' U\"c\" nor'd'"), ["a\\nc", "d"]);
    assert_eq!(said("x = '#not a comment'\n"), ["#not a comment"]);
}

#[test]
fn escapes_become_what_they_stand_for() {
    assert_eq!(said(r#"'\x68\u0074\164p\N{COLON}\U0001F600\q'"#), ["http\u{fffd}😀\\q"]);
    assert_eq!(said("'a\\\nb' b'\\u0041'"), ["ab\\u0041"]);
    assert_eq!(said("'\\xzz\\u12'"), ["\\xzz\\u12"], "what is no escape stays");
}

#[test]
fn neighbours_are_one_string() {
    assert_eq!(said("x = ('https://'  # the scheme\n     'ipfs.io'\n     f'/{a}')"), ["https://ipfs.io/…"]);
    assert_eq!(said("x = 'a' \\\n  'b'\ny = 'c'\n'd'"), ["ab", "c", "d"]);
    assert_eq!(said("['a' 'b', 'c']"), ["ab", "c"]);
}

#[test]
fn fields_of_f_strings_are_unknown_and_looked_into() {
    assert_eq!(said("f'https://{host}/{{x}}/{d[\"k\"]:>{width}}'"), ["k", "https://…/{x}/…"]);
    assert_eq!(said("f\"{get('https://a.io').text}\" + 'z'"), ["https://a.io", "…", "z"]);
    assert_eq!(said("f'{broken' + 'b'"), ["…", "b"]);
    assert_eq!(said("f'''{a\n}b'''"), ["…b"]);
}

#[test]
fn a_statement_of_its_own_is_told_from_a_value() {
    let statements = |text: &str| -> Vec<bool> {
        scan(text).literals.iter().map(|literal| literal.is_statement).collect()
    };
    assert_eq!(
        statements("'''doc'''\nx = 'a'\ndef f():\n    'doc'\n    return 'b'\n"),
        [true, false, true, false]
    );
    assert_eq!(statements("'a'; 'b'.x\n('c')\n'd' \\\n 'e'"), [true, false, false, true]);
}

#[test]
fn the_function_of_an_argument_is_known() {
    let calls =
        |text: &str| -> Vec<String> { scan(text).literals.into_iter().map(|literal| literal.call).collect() };
    assert_eq!(calls("requests.get('a', b=['c'])\nx = 'd'\nf(g('e'), 'f')"), ["get", "", "", "g", "f"]);
}

#[test]
fn an_unfinished_string_ends_with_its_line() {
    assert_eq!(said("x = 'abc\ny = 'd'"), ["abc", "d"]);
    assert_eq!(said("'''abc"), ["abc"]);
    assert_eq!(said("'\\"), ["\\"]);
    assert_eq!(said("'ab\\"), ["ab\\"]);
}

#[test]
fn comments_know_whether_code_came_before() {
    let after: Vec<bool> =
        scan("#!x\n# a\n\nimport y # b\n# c").comments.iter().map(|comment| comment.after_code).collect();
    assert_eq!(after, [false, false, true, true]);
}

proptest! {
    #[test]
    fn no_text_breaks_it_and_every_place_is_in_the_text(text in "([rbfuRF]{0,2}(\"|'|\"\"\"|'''))?[\\\\{}()\\[\\]#\"'a-z0-9NxuU:;=/\\r\\n\\t äß😀]{0,60}") {
        let scan = scan(&text);
        for literal in &scan.literals {
            prop_assert!(text.get(literal.range.clone()).is_some_and(|text| !text.is_empty()));
            for unit in &literal.units {
                prop_assert!(text.get(unit.range.clone()).is_some_and(|text| !text.is_empty()), "{:?}", unit);
                prop_assert!(literal.range.start <= unit.range.start && unit.range.end <= literal.range.end);
            }
            prop_assert!(literal.units.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        }
        for comment in &scan.comments {
            prop_assert!(text[comment.range.clone()].starts_with('#'));
        }
    }

    #[test]
    fn a_plain_string_says_what_is_written(text in "[a-zA-Z0-9 .:/?=&%_-]{0,40}", quote in "'|\"|'''|\"\"\"") {
        prop_assert_eq!(said(&format!("x = {quote}{text}{quote}\n")), [text]);
    }
}
