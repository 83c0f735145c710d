//! As much of Python's grammar as finds one list of texts at the top level of a script.
//!
//! Imports `diagnostic::brackets` only. Invariant: any text is scanned to its end without a panic, and what is inside
//! of strings and comments is never taken for code.

use std::ops::Range;

use crate::diagnostic::brackets::Brackets;

/// Why there is no list that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// In lower case, without a full stop.
    pub(super) what: String,
    /// The offset in bytes, if it has a place.
    pub(super) at: Option<usize>,
}

fn problem<T>(at: usize, what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { what: what.into(), at: Some(at) })
}

/// The one list that is assigned to `name`, and its texts.
pub(super) fn list(text: &str, name: &str) -> Result<(Brackets, Vec<String>), Problem> {
    let mut found = None;
    for at in statements(text)? {
        let Some(value) = assigned(text, at, name) else { continue };
        if found.is_some() {
            return problem(at, format!("`{name}` is assigned a second time"));
        }
        found = Some(value);
    }
    match found {
        Some(value) => Scanner { text, at: value, name }.list(),
        None => Err(Problem { what: format!("the script has no list `{name}`"), at: None }),
    }
}

/// The offsets at which lines begin that are neither inside of brackets nor of a text.
fn statements(text: &str) -> Result<Vec<usize>, Problem> {
    let mut scanner = Scanner { text, at: 0, name: "" };
    let (mut depth, mut starts) = (0_usize, vec![0]);
    while let Some(character) = scanner.peek() {
        match character {
            '#' => scanner.comment(),
            '"' | '\'' => {
                scanner.string(true)?;
            }
            '\\' => {
                scanner.step();
                scanner.step();
            }
            _ => {
                scanner.step();
                match character {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    '\n' if depth == 0 => starts.push(scanner.at),
                    _ => {}
                }
            }
        }
    }
    Ok(starts)
}

/// Where the value begins in `NAME = value` and `NAME: annotation = value`.
fn assigned(text: &str, at: usize, name: &str) -> Option<usize> {
    let line = text[at..].split('\n').next()?;
    let rest = line.strip_prefix(name)?;
    let trimmed = rest.trim_start();
    let equals = match trimmed.chars().next()? {
        '=' => line.len() - trimmed.len(),
        ':' => line.len() - trimmed.len() + trimmed.find('=')?,
        _ => return None,
    };
    (!line[equals + 1..].starts_with('=')).then_some(at + equals + 1)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    name: &'t str,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn step(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn comment(&mut self) {
        self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
    }

    /// Blanks, line breaks and comments.
    fn blanks(&mut self) {
        while let Some(character) = self.peek() {
            match character {
                '#' => self.comment(),
                '\\' if self.text[self.at + 1..].trim_start_matches('\r').starts_with('\n') => self.step(),
                _ if character.is_whitespace() => self.step(),
                _ => return,
            }
        }
    }

    fn list(mut self) -> Result<(Brackets, Vec<String>), Problem> {
        let name = self.name;
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t')) {
            self.step();
        }
        let open = self.at;
        if self.peek() != Some('[') {
            return problem(open, format!("`{name}` is no list in brackets"));
        }
        self.step();
        let (mut items, mut urls) = (Vec::new(), Vec::new());
        loop {
            self.blanks();
            if self.peek() == Some(']') {
                break;
            }
            let (range, url) = self.item()?;
            items.push(range);
            urls.push(url);
            self.blanks();
            match self.peek() {
                Some(',') => self.step(),
                Some(']') => {}
                _ => return self.not_a_text(self.at),
            }
        }
        let close = self.at;
        self.step();
        let rest = self.text[self.at..].split('\n').next().unwrap_or_default().trim();
        if !rest.is_empty() && !rest.starts_with('#') && !rest.starts_with(';') {
            return problem(self.at, format!("`{name}` is more than a list: something follows its `]`"));
        }
        Ok((Brackets { open, close, items }, urls))
    }

    fn not_a_text<T>(&self, at: usize) -> Result<T, Problem> {
        problem(at, format!("an entry of `{}` is not a text in quotes", self.name))
    }

    /// One text, or several that Python joins because they stand next to each other, perhaps in parentheses.
    fn item(&mut self) -> Result<(Range<usize>, String), Problem> {
        let start = self.at;
        let mut open = 0_usize;
        while self.peek() == Some('(') {
            open += 1;
            self.step();
            self.blanks();
        }
        let (mut url, mut end, mut texts) = (String::new(), start, 0);
        loop {
            match self.peek() {
                Some(')') if open > 0 && texts > 0 => {
                    open -= 1;
                    self.step();
                    end = self.at;
                }
                Some('"' | '\'' | 'r' | 'R' | 'u' | 'U') => {
                    let raw = match self.peek() {
                        Some('r' | 'R') => true,
                        Some('u' | 'U') => false,
                        _ => {
                            url += &self.string(false)?;
                            (end, texts) = (self.at, texts + 1);
                            self.blanks();
                            continue;
                        }
                    };
                    let prefix = self.at;
                    self.step();
                    if !matches!(self.peek(), Some('"' | '\'')) {
                        return self.not_a_text(prefix);
                    }
                    url += &self.string(raw)?;
                    (end, texts) = (self.at, texts + 1);
                }
                _ if open == 0 && texts > 0 => {
                    self.at = end;
                    return Ok((start..end, url));
                }
                _ => return self.not_a_text(start),
            }
            self.blanks();
        }
    }

    /// A text in quotes, single or triple. What Python makes of it; in a raw one backslashes stand for themselves.
    fn string(&mut self, raw: bool) -> Result<String, Problem> {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        let triple: String = [quote; 3].iter().collect();
        let closing = if self.text[start..].starts_with(&triple) { triple } else { quote.to_string() };
        self.at += closing.len();
        let mut value = String::new();
        loop {
            if self.text[self.at..].starts_with(&closing) {
                self.at += closing.len();
                return Ok(value);
            }
            match self.peek() {
                None => return problem(start, "a text is never closed"),
                Some('\n') if closing.len() == 1 => {
                    return problem(start, "a text is not closed on its line");
                }
                Some('\\') => self.escape(raw, &mut value)?,
                Some(character) => {
                    value.push(character);
                    self.step();
                }
            }
        }
    }

    /// A backslash and what follows it. A URL needs no other escapes than these.
    fn escape(&mut self, raw: bool, value: &mut String) -> Result<(), Problem> {
        let start = self.at;
        self.step();
        let Some(character) = self.peek() else { return problem(start, "a text is never closed") };
        self.step();
        match character {
            _ if raw => value.extend(['\\', character]),
            '\n' => {}
            '\\' | '\'' | '"' => value.push(character),
            'n' => value.push('\n'),
            't' => value.push('\t'),
            _ => return problem(start, format!("the escape `\\{character}` has no place in a URL")),
        }
        Ok(())
    }
}
