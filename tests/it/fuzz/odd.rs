//! Texts with one odd value: every place of every seed has every one of them. Mutations by chance rarely meet such a
//! text, because they would have to change one value exactly and leave the rest as it is.

use std::ops::Range;

/// What stands instead of a value, within its quotes or where it has none.
const TEXTS: &[&str] = &["", "0", "-1", "%00", "%ff", "..", "%2F", "é", "x", "1e308", "18446744073709551616"];

/// What stands instead of a text with its quotes, or of a number.
const JSON: &[&str] = &["null", "true", "0", "-1", "1e308", "18446744073709551616", "[]", "{}"];

/// Signs between values.
fn parts(sign: char) -> bool {
    sign.is_whitespace() || "/?&=,:{}[]()\"'".contains(sign)
}

/// Runs of signs that part nothing, and whatever stands in quotes, without them and with them.
fn places(text: &str) -> Vec<(Range<usize>, &'static [&'static str])> {
    let mut places = Vec::new();
    let (mut word, mut quote) = (None, None);
    for (at, sign) in text.char_indices().chain([(text.len(), '\n')]) {
        if !parts(sign) {
            word.get_or_insert(at);
        } else if let Some(start) = word.take() {
            let bare = quote.is_none() && text[..start].ends_with([':', '[']);
            places.push((start..at, if bare { JSON } else { TEXTS }));
        }
        quote = match (sign, quote) {
            ('"', None) => Some(at),
            ('"', Some(start)) if text[at..].starts_with("\":") => {
                // A name: with another one the field is missing.
                places.retain(|(place, _)| place.start < start);
                places.push((start + 1..at, &["x"]));
                None
            }
            ('"', Some(start)) => {
                places.push((start + 1..at, TEXTS));
                places.push((start..at + 1, JSON));
                None
            }
            (_, quote) => quote,
        };
    }
    places.retain(|(place, _)| !place.is_empty());
    places.dedup();
    places
}

/// Every seed with one odd value each; a word of `kept` stays as it is.
pub(super) fn odd(seeds: &[String], kept: &[&str]) -> impl Iterator<Item = String> {
    seeds.iter().flat_map(move |seed| {
        let wanted = places(seed).into_iter().filter(|(place, _)| !kept.contains(&&seed[place.clone()]));
        wanted.flat_map(move |(place, values)| {
            let put = move |value: &&str| [&seed[..place.start], *value, &seed[place.end..]].concat();
            values.iter().map(put)
        })
    })
}

#[test]
fn every_value_is_odd_once() {
    let seed = "POST /net/$net\n{\"ip\":\"10.0.0.1/16\",\"n\":7}";
    let texts: Vec<String> = odd(&[seed.to_owned()], &["POST", "net"]).collect();
    for expected in [
        "POST /net/%00\n{\"ip\":\"10.0.0.1/16\",\"n\":7}",
        "POST /net/$net\n{\"ip\":\"10.0.0.1/0\",\"n\":7}",
        "POST /net/$net\n{\"ip\":\"\",\"n\":7}",
        "POST /net/$net\n{\"ip\":null,\"n\":7}",
        "POST /net/$net\n{\"ip\":\"10.0.0.1/16\",\"n\":-1}",
        "POST /net/$net\n{\"x\":\"10.0.0.1/16\",\"n\":7}",
    ] {
        assert!(texts.iter().any(|text| text == expected), "{expected}");
    }
    assert!(texts.iter().all(|text| text.starts_with("POST /net/")));
}
