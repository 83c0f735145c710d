//! The list `DOWNLOADS` of a Python script: read it, and edit it in place.
//!
//! May import `diagnostic` and `sample`. Invariant: what is not a list of texts in quotes is refused with its place,
//! never guessed; an edit leaves every byte alone that it does not have to touch.

mod scan;

use std::ops::Range;

use super::sample;
use crate::diagnostic::brackets::{self, Brackets};
use crate::diagnostic::{Diagnostic, Edit, Fix, apply};

/// The name of the list.
pub const NAME: &str = "DOWNLOADS";

/// A script's list of downloads.
#[derive(Clone, Debug)]
pub struct Downloads<'t> {
    text: &'t str,
    list: Brackets,
    urls: Vec<String>,
}

impl<'t> Downloads<'t> {
    /// Finds the list at the top level of a script: `DOWNLOADS = [`, texts in quotes, `]`, however it is laid out.
    ///
    /// # Errors
    /// There is none, there are several, or it holds something else than texts.
    pub fn find(text: &'t str) -> Result<Self, Box<Diagnostic>> {
        let (list, urls) = scan::list(text, NAME).map_err(|problem| Box::new(finding(text, &problem)))?;
        Ok(Self { text, list, urls })
    }

    /// The entries in order, with their fragments.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The entry with this address; fragments, which hold pins, do not count.
    pub fn entry(&self, address: &str) -> Option<&str> {
        self.place(address).map(|place| self.urls[place].as_str())
    }

    fn place(&self, url: &str) -> Option<usize> {
        self.urls.iter().position(|entry| address(entry) == address(url))
    }

    /// Whether the list asks for the template's sample.
    pub fn has_sample(&self) -> bool {
        self.urls.iter().any(|url| url.contains(sample::MARK))
    }

    /// The script with these entries in its list: one whose address is there is replaced in its place, the others come
    /// last. An entry that is there word by word changes nothing. With `in_place_of_sample`, the sample's line and the
    /// comment above it are taken out, and what is new stands where it was.
    pub fn with(&self, entries: &[String], in_place_of_sample: bool) -> String {
        let mut edits = Vec::new();
        let mut new = Vec::new();
        for entry in entries {
            match self.place(entry) {
                Some(place) if self.urls[place] == *entry => {}
                Some(place) => edits.push(Edit::replace(self.list.items[place].clone(), quoted(entry))),
                None => new.push(quoted(entry)),
            }
        }
        let samples = self.samples(in_place_of_sample);
        let ours = |edit: &Edit| samples.iter().any(|place| self.list.items[*place] == edit.range);
        edits.retain(|edit| !ours(edit));
        match samples.as_slice() {
            [] if new.is_empty() => {}
            [] => edits.extend(brackets::append(self.text, &self.list, &new)),
            [first, others @ ..] => {
                edits.extend(self.replace_sample(*first, &new));
                edits.extend(others.iter().map(|place| Edit::replace(self.line(*place), "")));
            }
        }
        if edits.is_empty() {
            return self.text.to_owned();
        }
        apply(self.text, [&Fix { title: "enter downloads".into(), edits }]).0
    }

    fn samples(&self, wanted: bool) -> Vec<usize> {
        let is_sample = |place: &usize| self.urls[*place].contains(sample::MARK);
        if wanted { (0..self.urls.len()).filter(is_sample).collect() } else { Vec::new() }
    }

    /// New items go exactly where the sample's text is, so that commas stay right; without any, its lines go.
    fn replace_sample(&self, place: usize, new: &[String]) -> Vec<Edit> {
        let item = self.list.items[place].clone();
        if new.is_empty() {
            return vec![Edit::replace(self.line(place), "")];
        }
        let own_line = brackets::blank_before(self.text, item.start);
        let between = own_line.map_or(", ".to_owned(), |indent| {
            format!(",{}{indent}", brackets::newline_of(self.text, item.start))
        });
        let comment = self.sample_comment(place).map(|comment| Edit::replace(comment, ""));
        comment.into_iter().chain([Edit::replace(item, new.join(&between))]).collect()
    }

    /// The whole line of an item, with its line break and the comment above it that speaks of the sample; where an item
    /// shares its line, only the item and its comma.
    fn line(&self, place: usize) -> Range<usize> {
        let item = &self.list.items[place];
        let next = self.list.items.get(place + 1).map_or(self.list.close, |next| next.start);
        let comma = brackets::comma_behind(self.text, item.end, next).map_or(item.end, |comma| comma + 1);
        let Some(indent) = brackets::blank_before(self.text, item.start) else {
            let before =
                if comma == item.end && place > 0 { self.list.items[place - 1].end } else { item.start };
            return before..comma;
        };
        let end = match self.text[comma..].find('\n').map(|newline| comma + newline + 1) {
            Some(end) if end <= next => end,
            _ => comma,
        };
        self.sample_comment(place).map_or(item.start - indent.len(), |comment| comment.start)..end
    }

    /// The line above an item, if it is a comment about the sample.
    fn sample_comment(&self, place: usize) -> Option<Range<usize>> {
        let item = self.list.items[place].start;
        let end = item - brackets::blank_before(self.text, item)?.len();
        let start = self.text[..end.checked_sub(1)?].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[start..end].trim_start();
        (line.starts_with('#') && line.contains(sample::MARK)).then_some(start..end)
    }
}

/// A URL without the fragment, in which the script keeps the hash of the content.
pub fn address(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

/// As Python writes it. A URL has neither quotes nor backslashes: they are escaped in what the parser gives.
fn quoted(url: &str) -> String {
    format!("\"{}\"", url.replace('\\', "\\\\").replace('"', "\\\""))
}

fn finding(text: &str, problem: &scan::Problem) -> Diagnostic {
    let finding = Diagnostic::error("downloads-not-a-list", problem.what.clone());
    let finding =
        finding.help(format!("write `{NAME} = [`, URLs in quotes with commas between them, and `]`"));
    let Some(at) = problem.at else { return finding };
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = text[line_start..at].chars().count() + 1;
    let length =
        text[at..].split(['\n', '\r', ',', '#']).next().unwrap_or_default().trim_end().chars().count();
    finding.at(before.matches('\n').count() + 1, column, length)
}

#[cfg(test)]
mod tests;
