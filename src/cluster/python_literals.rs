//! The string literals of a Python text: what they say, and where.
//!
//! Imports nothing. Invariant: whatever the text is, every range lies inside it and on character boundaries; a text that
//! is no Python gives fewer literals, never a panic. The grammar is that of Python 3.10, which the nodes run
//! (Lexical analysis, 2.4: prefixes, escapes, implicit concatenation, f-strings).

#[path = "python_escapes.rs"]
mod escapes;

use std::ops::Range;

use escapes::{Prefix, escaped, prefix};

/// Strings inside the fields of f-strings inside strings: deeper ones are not looked at.
const DEEPEST: usize = 4;

/// One character of a literal as the program sees it, or a part that is known only when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// `None` for a field of an f-string.
    pub(super) character: Option<char>,
    /// Where it is written.
    pub(super) range: Range<usize>,
}

/// A literal, or several that stand side by side and are one string to the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Literal {
    /// What it says.
    pub(super) units: Vec<Unit>,
    /// From the first prefix to the last quote.
    pub(super) range: Range<usize>,
    /// Whether it is a statement of its own: a docstring, or code that was put out of use.
    pub(super) is_statement: bool,
    /// Whether braces in it have a meaning.
    pub(super) is_format: bool,
    /// The name of the function whose argument it is, or empty.
    pub(super) call: String,
}

/// A comment without its `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Where it stands, with the `#`.
    pub(super) range: Range<usize>,
    /// Whether code stands before it in the file.
    pub(super) after_code: bool,
}

/// What was found in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// In the order of the text; those inside of f-string fields behind the string that holds them.
    pub(super) literals: Vec<Literal>,
    pub(super) comments: Vec<Comment>,
}

/// Reads a text.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, end: text.len(), ..Scanner::default() };
    scanner.run();
    scanner.found
}

#[derive(Default)]
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    nesting: usize,
    /// The name before each bracket that is open.
    calls: Vec<String>,
    /// The last name, if nothing but blanks came after it.
    name: String,
    /// Whether something of the current statement has been read.
    in_statement: bool,
    seen_code: bool,
    /// The literal that another one may still continue.
    open: Option<(Literal, bool)>,
    found: Scan,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..self.end)?.chars().next()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn run(&mut self) {
        while let Some(character) = self.peek() {
            match character {
                '\n' if self.calls.is_empty() => {
                    self.at += 1;
                    self.end_statement();
                }
                '\\' if self.rest()[1..].trim_start_matches('\r').starts_with('\n') => {
                    self.at += self.rest().find('\n').map_or(1, |at| at + 1);
                }
                '#' => self.comment(),
                '\'' | '"' => self.string(self.at, Prefix { raw: false, bytes: false, format: false }),
                _ if character.is_whitespace() || character == '\u{feff}' => self.at += character.len_utf8(),
                _ if character.is_alphanumeric() || character == '_' => self.word(),
                _ => self.sign(character),
            }
        }
        self.end_statement();
    }

    fn comment(&mut self) {
        let start = self.at;
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        if self.nesting == 0 {
            self.found.comments.push(Comment { range: start..self.at, after_code: self.seen_code });
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.at += self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let word = &self.text[start..self.at];
        if self.rest().starts_with(['\'', '"'])
            && let Some(prefix) = prefix(word)
        {
            return self.string(start, prefix);
        }
        self.token();
        word.clone_into(&mut self.name);
    }

    fn sign(&mut self, sign: char) {
        let name = std::mem::take(&mut self.name);
        self.at += sign.len_utf8();
        match sign {
            ';' if self.calls.is_empty() => return self.end_statement(),
            '(' | '[' | '{' => {
                self.token();
                self.calls.push(if sign == '(' { name } else { String::new() });
                return;
            }
            ')' | ']' | '}' => {
                self.token();
                self.calls.pop();
                return;
            }
            _ => {}
        }
        self.token();
    }

    /// Something that is no string: the literal before it is complete, and part of an expression.
    fn token(&mut self) {
        self.close(false);
        self.in_statement = true;
        self.seen_code = true;
        self.name.clear();
    }

    fn end_statement(&mut self) {
        self.close(true);
        self.in_statement = false;
        self.name.clear();
    }

    fn close(&mut self, ends_statement: bool) {
        if let Some((mut literal, began)) = self.open.take() {
            literal.is_statement = began && ends_statement;
            self.found.literals.push(literal);
        }
    }

    fn string(&mut self, start: usize, prefix: Prefix) {
        let began = !self.in_statement && self.nesting == 0;
        let call = self.calls.last().cloned().unwrap_or_default();
        let (mut literal, began) = self
            .open
            .take()
            .unwrap_or_else(|| (Literal { range: start..start, call, ..Literal::default() }, began));
        self.in_statement = true;
        self.seen_code = true;
        self.name.clear();
        literal.is_format |= prefix.format;
        let fields = self.content(prefix, &mut literal.units);
        literal.range.end = self.at;
        self.open = Some((literal, began));
        if self.nesting < DEEPEST {
            for field in fields {
                self.field(field);
            }
        }
    }

    /// The literals inside of an f-string's field.
    fn field(&mut self, range: Range<usize>) {
        let mut inner = Scanner {
            text: self.text,
            at: range.start,
            end: range.end,
            nesting: self.nesting + 1,
            // A field is an expression: a newline in it ends nothing.
            calls: vec![String::new()],
            ..Scanner::default()
        };
        inner.run();
        self.found.literals.append(&mut inner.found.literals);
    }

    /// Reads from the opening quote to behind the closing one; an unfinished string ends with its line.
    fn content(&mut self, prefix: Prefix, units: &mut Vec<Unit>) -> Vec<Range<usize>> {
        let quote = &self.rest()[..1];
        let quotes =
            if self.rest().starts_with(&quote.repeat(3)) { quote.repeat(3) } else { quote.to_owned() };
        let triple = quotes.len() == 3;
        self.at += quotes.len();
        let mut fields = Vec::new();
        while let Some(character) = self.peek() {
            let start = self.at;
            if self.rest().starts_with(&quotes) {
                self.at += quotes.len();
                break;
            }
            match character {
                '\n' if !triple => break,
                '\\' => self.escape(prefix, units),
                '{' | '}' if prefix.format && self.rest()[1..].starts_with(character) => {
                    self.at += 2;
                    units.push(Unit { character: Some(character), range: start..self.at });
                }
                '{' if prefix.format => {
                    self.skip_field(&quotes);
                    units.push(Unit { character: None, range: start..self.at });
                    fields.push(start + 1..self.at);
                }
                _ => {
                    self.at += character.len_utf8();
                    units.push(Unit { character: Some(character), range: start..self.at });
                }
            }
        }
        fields
    }

    /// From the brace of a field to behind its other brace, or to where the string ends before that.
    fn skip_field(&mut self, quotes: &str) {
        let mut depth = 0usize;
        while let Some(character) = self.peek() {
            if self.rest().starts_with(quotes) || (character == '\n' && quotes.len() == 1) {
                return;
            }
            self.at += character.len_utf8();
            match character {
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                '\'' | '"' => {
                    let line = self.rest().split('\n').next().unwrap_or_default();
                    self.at += line.find(character).map_or(0, |at| at + 1);
                }
                _ => {}
            }
        }
    }

    fn escape(&mut self, prefix: Prefix, units: &mut Vec<Unit>) {
        let start = self.at;
        self.at += 1;
        let Some(next) = self.peek() else {
            units.push(Unit { character: Some('\\'), range: start..self.at });
            return;
        };
        if !prefix.raw {
            if next == '\n' || self.rest().starts_with("\r\n") {
                self.at += if next == '\n' { 1 } else { 2 };
                return;
            }
            if let Some((character, length)) = escaped(self.rest(), prefix.bytes) {
                self.at += length;
                units.push(Unit { character: Some(character), range: start..self.at });
                return;
            }
        }
        // Both characters stay; a quote behind a backslash does not end even a raw string.
        units.push(Unit { character: Some('\\'), range: start..self.at });
        if next != '{' && next != '}' && next != '\n' {
            let at = self.at;
            self.at += next.len_utf8();
            units.push(Unit { character: Some(next), range: at..self.at });
        }
    }
}

#[cfg(test)]
#[path = "python_literals_tests.rs"]
mod tests;
