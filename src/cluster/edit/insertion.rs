//! Where in a YAML text a list grows, and what is written there.
//!
//! May import `diagnostic::brackets`. Invariant: bytes are only inserted, except that a written `null` is replaced; whether
//! the result means what it should is for `verify` to say.

use std::ops::Range;
use std::str::FromStr;

use yaml_edit::{Mapping, YamlNode};

use crate::diagnostic::brackets::{self, Brackets, blank_before, end_of_line, newline_of};
use crate::diagnostic::{Edit, Fix, apply};

/// A key and its value in the text.
#[derive(Clone)]
struct Entry {
    key: Range<usize>,
    value: YamlNode,
    /// Whether it stands in braces.
    in_flow: bool,
}

/// The text with items at the end of the list at `path`, which is made as far as it is not there. `None` if the text is
/// written in a way that is not foreseen here.
pub(super) fn insert(text: &str, path: &[&str], items: &[String]) -> Option<String> {
    let tree = yaml_edit::Document::from_str(text).ok()?;
    let root = tree.as_mapping()?;
    let (first, mut rest) = path.split_first()?;
    let mut entry = find(text, &root, &root, first)?;
    while let Some((key, behind)) = rest.split_first() {
        let next = entry.value.as_mapping().and_then(|mapping| find(text, &root, mapping, key));
        let Some(next) = next else { break };
        (entry, rest) = (next, behind);
    }
    let edits = match &entry.value {
        YamlNode::Sequence(list) if rest.is_empty() => {
            let ranges: Vec<Range<usize>> = list.values().map(|item| range(&item)).collect();
            if list.is_flow_style() {
                let whole = range(&entry.value);
                let list = Brackets { open: whole.start, close: whole.end.checked_sub(1)?, items: ranges };
                let quote = quote_of(text, list.items.last());
                brackets::append(
                    text,
                    &list,
                    &items.iter().map(|item| quoted(item, quote)).collect::<Vec<_>>(),
                )
            } else {
                vec![behind_last(text, ranges.last()?, items)?]
            }
        }
        YamlNode::Mapping(mapping) if !rest.is_empty() => {
            vec![into_mapping(text, &entry, mapping, rest, items)?]
        }
        YamlNode::Scalar(_) => vec![in_place_of_nothing(text, &entry, rest, items)?],
        _ => return None,
    };
    let (edited, made) = apply(text, [&Fix { title: "declare".into(), edits }]);
    (made == 1).then_some(edited)
}

/// The entry of a key, also one that comes by `<<`; where its value is an alias, the entry that the anchor stands at.
fn find(text: &str, root: &Mapping, mapping: &Mapping, key: &str) -> Option<Entry> {
    if let Some(entry) = mapping.find_entry_by_key(key) {
        let value = entry.value_node()?;
        if let YamlNode::Alias(alias) = &value {
            return anchored(text, &YamlNode::Mapping(root.clone()), &alias.name());
        }
        return Some(Entry { key: range(&entry.key_node()?), value, in_flow: mapping.is_flow_style() });
    }
    let merged = mapping.find_entry_by_key("<<")?.value_node()?;
    let sources = match &merged {
        YamlNode::Sequence(list) => list.values().collect(),
        _ => vec![merged],
    };
    sources.iter().find_map(|source| match source {
        YamlNode::Alias(alias) => {
            let entry = anchored(text, &YamlNode::Mapping(root.clone()), &alias.name())?;
            find(text, root, entry.value.as_mapping()?, key)
        }
        YamlNode::Mapping(mapping) => find(text, root, mapping, key),
        _ => None,
    })
}

/// The entry whose value has this anchor.
fn anchored(text: &str, node: &YamlNode, name: &str) -> Option<Entry> {
    if let YamlNode::Sequence(list) = node {
        return list.values().find_map(|item| anchored(text, &item, name));
    }
    let mapping = node.as_mapping()?;
    mapping.entries().find_map(|entry| {
        let (key, value) = (range(&entry.key_node()?), entry.value_node()?);
        let between = text.get(key.end..range(&value).start).unwrap_or_default();
        if between.split_whitespace().any(|word| word.strip_prefix('&') == Some(name)) {
            return Some(Entry { key, value, in_flow: mapping.is_flow_style() });
        }
        anchored(text, &value, name)
    })
}

fn range(node: &YamlNode) -> Range<usize> {
    let range = node.byte_range();
    range.start as usize..range.end as usize
}

/// Behind the last item of a list with dashes; its comment stays on its line.
fn behind_last(text: &str, last: &Range<usize>, items: &[String]) -> Option<Edit> {
    let line = text[..last.start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = blank_before(text, line + text[line..].find('-')?)?;
    let (newline, quote) = (newline_of(text, last.start), quote_of(text, Some(last)));
    let lines: String =
        items.iter().map(|item| format!("{newline}{indent}- {}", quoted(item, quote))).collect();
    Some(Edit::insert(end_of_line(text, last.end), lines))
}

/// As the first key of a mapping that has others, or into `{}`.
fn into_mapping(
    text: &str,
    entry: &Entry,
    mapping: &Mapping,
    path: &[&str],
    items: &[String],
) -> Option<Edit> {
    let first = mapping.entries().next();
    if mapping.is_flow_style() {
        let inside = range(&entry.value).start + 1;
        let comma = if first.is_some() { ", " } else { "" };
        return Some(Edit::insert(inside, format!("{}{comma}", flow(path, items))));
    }
    let indent = blank_before(text, range(&first?.key_node()?).start)?;
    Some(Edit::insert(
        end_of_line(text, entry.key.end),
        block(path, items, indent, newline_of(text, entry.key.end)),
    ))
}

/// Where a key has no value, below it; where `null` or `~` is written, in its place.
fn in_place_of_nothing(text: &str, entry: &Entry, path: &[&str], items: &[String]) -> Option<Edit> {
    let value = range(&entry.value);
    match text.get(value.clone())? {
        "" if !entry.in_flow => {
            let indent = format!("{}  ", blank_before(text, entry.key.start)?);
            let lines = block(path, items, &indent, newline_of(text, entry.key.end));
            Some(Edit::insert(end_of_line(text, entry.key.end), lines))
        }
        "" => {
            let colon = entry.key.end + text[entry.key.end..].find(':')? + 1;
            Some(Edit::insert(colon, format!(" {}", flow_value(path, items))))
        }
        "~" | "null" | "Null" | "NULL" => Some(Edit::replace(value, flow_value(path, items))),
        _ => None,
    }
}

/// `demand:` and below it `outbound_urls:` and below it the items, each on a line of its own.
fn block(path: &[&str], items: &[String], indent: &str, newline: &str) -> String {
    let mut text = String::new();
    let mut indent = indent.to_owned();
    for key in path {
        text += &format!("{newline}{indent}{key}:");
        indent += "  ";
    }
    for item in items {
        text += &format!("{newline}{indent}- {}", quoted(item, '"'));
    }
    text
}

/// `demand: {outbound_urls: ["…"]}`
fn flow(path: &[&str], items: &[String]) -> String {
    match path.split_first() {
        Some((key, rest)) => format!("{key}: {}", flow_value(rest, items)),
        None => String::new(),
    }
}

fn flow_value(path: &[&str], items: &[String]) -> String {
    if path.is_empty() {
        let items: Vec<String> = items.iter().map(|item| quoted(item, '"')).collect();
        return format!("[{}]", items.join(", "));
    }
    format!("{{{}}}", flow(path, items))
}

/// An origin has no character that needs to be escaped.
fn quoted(item: &str, quote: char) -> String {
    format!("{quote}{item}{quote}")
}

/// The last item's own kind of quotes.
fn quote_of(text: &str, last: Option<&Range<usize>>) -> char {
    if last.is_some_and(|last| text[last.start..].starts_with('\'')) { '\'' } else { '"' }
}
