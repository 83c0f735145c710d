//! From the parser's events to values: anchors, aliases, merge keys, equal keys, tags.
//!
//! May import its siblings. Invariant: what PyYAML's composer and constructor refuse is a problem, and so is what would not
//! end or not fit: nesting without a bottom, aliases that multiply.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};
use serde_yaml::{Mapping, Value};

use super::{Entry, Loaded, Node, Place, Problem, scalar, tag_and_comma};

/// Values inside of values; Python's own stack ends not far behind it.
const DEEPEST: usize = 128;

/// Values of a file, those behind aliases counted every time. Real files have less than a thousand.
const MOST: usize = 200_000;

/// What `!!` stands for.
const OF_YAML: &str = "tag:yaml.org,2002:";

/// Reads a text that is known to be YAML.
pub(in crate::cluster) fn load(text: &str) -> Result<Loaded, Problem> {
    // The places that the parser tells do not count it.
    let mut text = Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text));
    // The parser does not survive a block scalar that ends with the text instead of a line break.
    let lacks_break = !text.ends_with(['\n', '\r']);
    if lacks_break {
        text.to_mut().push('\n');
    }
    if let Some((tag, place)) = tag_and_comma::find(&text) {
        return Err(Problem { message: unknown(tag), place });
    }
    let mut events = Parser::new();
    events.set_input(text.as_bytes());
    let odd_breaks = has_odd_breaks(&text);
    let mut composer =
        Composer { text: &text, lacks_break, odd_breaks, events, anchors: HashMap::new(), twice: Vec::new() };
    let mut root = None;
    while let Some(event) = composer.next()? {
        match event.data {
            EventData::StreamEnd => break,
            EventData::StreamStart { .. }
            | EventData::DocumentStart { .. }
            | EventData::DocumentEnd { .. } => {}
            _ if root.is_none() => root = Some(composer.node(event, 0)?),
            _ => {
                return Err(Problem {
                    message: "it holds more than one document".into(),
                    place: composer.place(&event),
                });
            }
        }
    }
    let place = Place { line: 1, column: 1, length: 1 };
    let root = root.unwrap_or_else(|| Rc::new(Node::scalar(Value::Null, place)));
    Ok(Loaded { root, twice: composer.twice })
}

struct Composer<'t> {
    text: &'t str,
    /// Whether the last line break of the text is ours.
    lacks_break: bool,
    /// Whether YAML sees lines in it where editors see none.
    odd_breaks: bool,
    events: Parser<&'t [u8]>,
    anchors: HashMap<String, Rc<Node>>,
    twice: Vec<(String, Place)>,
}

impl Node {
    fn scalar(value: Value, place: Place) -> Self {
        Self { value, place, entries: Vec::new(), items: Vec::new(), plain: None, oddity: None, size: 1 }
    }
}

impl Composer<'_> {
    fn next(&mut self) -> Result<Option<Event>, Problem> {
        self.events.next().transpose().map_err(|error| {
            let mark = error.problem_mark().unwrap_or_default();
            Problem { message: error.problem().to_owned(), place: self.start(mark) }
        })
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<Rc<Node>, Problem> {
        let (place, end) = (self.place(&event), event.end_mark);
        let problem = |message: String| Problem { message, place };
        if depth > DEEPEST {
            return Err(problem("it is nested too deeply".into()));
        }
        let (anchor, node) = match event.data {
            EventData::Alias { anchor } => {
                let target = self.anchors.get(&anchor).cloned();
                return target.ok_or_else(|| {
                    problem(format!("`*{anchor}` stands before or inside of what it is for"))
                });
            }
            EventData::Scalar { anchor, tag, mut value, style, .. } => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block
                    && self.lacks_break
                    && end.index as usize >= self.text.len()
                    && value.ends_with('\n')
                {
                    value.pop();
                }
                (anchor, of_scalar(&value, style, tag.as_deref(), place).map_err(problem)?)
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                fits(tag.as_deref(), "seq").map_err(problem)?;
                (anchor, self.list(place, depth)?)
            }
            EventData::MappingStart { anchor, tag, .. } => {
                fits(tag.as_deref(), "map").map_err(problem)?;
                (anchor, self.mapping(place, depth)?)
            }
            _ => return Err(problem("a value was expected here".into())),
        };
        if node.size > MOST {
            return Err(problem("its aliases multiply without end".into()));
        }
        let node = Rc::new(node);
        if let Some(anchor) = anchor
            && let Some(_) = self.anchors.insert(anchor.clone(), Rc::clone(&node))
        {
            return Err(problem(format!("the anchor `&{anchor}` is there twice")));
        }
        Ok(node)
    }

    fn list(&mut self, place: Place, depth: usize) -> Result<Node, Problem> {
        let mut items = Vec::new();
        while let Some(event) = self.next()?.filter(|event| event.data != EventData::SequenceEnd) {
            items.push(self.node(event, depth + 1)?);
        }
        let size = items.iter().fold(1_usize, |sum, item| sum.saturating_add(item.size));
        let value = match size {
            ..=MOST => Value::Sequence(items.iter().map(|item| item.value.clone()).collect()),
            _ => Value::Null,
        };
        Ok(Node { items, size, ..Node::scalar(value, place) })
    }

    fn mapping(&mut self, place: Place, depth: usize) -> Result<Node, Problem> {
        let (mut merged, mut own): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
        while let Some(event) = self.next()?.filter(|event| event.data != EventData::MappingEnd) {
            let key = self.node(event, depth + 1)?;
            let Some(event) = self.next()? else { break };
            let value = self.node(event, depth + 1)?;
            if key.plain.as_deref() == Some("<<") {
                merged.extend(merging(&value)?);
                continue;
            }
            if matches!(key.value, Value::Sequence(_) | Value::Mapping(_)) {
                let message = "Python's YAML takes no list and no mapping as a key".into();
                return Err(Problem { message, place: key.place });
            }
            if let Some(earlier) = own.iter().position(|entry| entry.key == key.value) {
                self.twice.push((word(&key.value), key.place));
                own.remove(earlier);
            }
            own.push(Entry { key: key.value.clone(), key_place: key.place, value });
        }
        Ok(of_entries(merged.into_iter().chain(own), place))
    }

    /// A mark counts from zero.
    fn start(&self, mark: Mark) -> Place {
        let [index, line, column] = [mark.index, mark.line, mark.column]
            .map(|number| usize::try_from(number).unwrap_or(usize::MAX - 1));
        // Not behind a line break that is ours.
        let end = self.text.len() - usize::from(self.lacks_break);
        match self.text.get(..index.min(end)) {
            Some(before) if self.odd_breaks || index > end => Place::behind(before),
            _ => Place { line: line + 1, column: column + 1, length: 1 },
        }
    }

    /// What is underlined: a scalar, as far as its first line goes.
    fn place(&self, event: &Event) -> Place {
        let [from, to] =
            [event.start_mark, event.end_mark].map(|mark| usize::try_from(mark.index).unwrap_or(usize::MAX));
        let written = self.text.get(from..to).unwrap_or_default();
        let first = written.lines().next().unwrap_or_default().trim_end();
        Place { length: first.chars().count().max(1), ..self.start(event.start_mark) }
    }
}

/// Whether lines end in a text where editors see no end of a line.
pub(in crate::cluster) fn has_odd_breaks(text: &str) -> bool {
    text.replace("\r\n", "\n").contains(['\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// The last one of equal keys counts, at the place of the first.
fn of_entries(all: impl Iterator<Item = Entry>, place: Place) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    for entry in all {
        match entries.iter_mut().find(|earlier| earlier.key == entry.key) {
            Some(earlier) => *earlier = entry,
            None => entries.push(entry),
        }
    }
    let size = entries.iter().fold(1_usize, |sum, entry| sum.saturating_add(entry.value.size));
    let mut mapping = Mapping::new();
    if size <= MOST {
        mapping.extend(entries.iter().map(|entry| (entry.key.clone(), entry.value.value.clone())));
    }
    Node { entries, size, ..Node::scalar(Value::Mapping(mapping), place) }
}

/// What `<<` brings: of several mappings the first one counts.
fn merging(value: &Node) -> Result<Vec<Entry>, Problem> {
    let mut merged = Vec::new();
    let of_list = value.items.iter().rev().map(AsRef::as_ref);
    let sources: Vec<&Node> = if value.value.is_sequence() { of_list.collect() } else { vec![value] };
    for source in sources {
        if !source.value.is_mapping() {
            let message = "behind `<<` must stand a mapping or a list of mappings".into();
            return Err(Problem { message, place: source.place });
        }
        merged.extend(source.entries.iter().cloned());
    }
    Ok(merged)
}

fn of_scalar(text: &str, style: ScalarStyle, tag: Option<&str>, place: Place) -> Result<Node, String> {
    match tag.filter(|tag| *tag != "!") {
        Some(tag) => match tag.strip_prefix(OF_YAML) {
            Some(name) => Ok(Node::scalar(scalar::tagged(name, text)?, place)),
            None => Err(unknown(tag)),
        },
        // A lone `!` says that it is a text.
        None if style != ScalarStyle::Plain || tag.is_some() => {
            Ok(Node::scalar(Value::String(text.to_owned()), place))
        }
        None => {
            let (value, oddity) = scalar::plain(text)?;
            Ok(Node { plain: Some(text.to_owned()), oddity, ..Node::scalar(value, place) })
        }
    }
}

/// Lists and mappings have no other tag than their own.
fn fits(tag: Option<&str>, expected: &str) -> Result<(), String> {
    match tag.filter(|tag| *tag != "!") {
        Some(tag) if tag.strip_prefix(OF_YAML) != Some(expected) => Err(unknown(tag)),
        _ => Ok(()),
    }
}

fn unknown(tag: &str) -> String {
    let name = tag.strip_prefix(OF_YAML).map_or(tag.to_owned(), |name| format!("!!{name}"));
    format!("Python's YAML, or Ray, does not know what to do with the tag `{name}`")
}

/// A key for people.
fn word(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => "null".into(),
    }
}
