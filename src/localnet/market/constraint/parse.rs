//! Text to [`Constraint`], by yagna's own grammar: it reads the first filter of the text and leaves the rest.
//!
//! May import nothing of the house. Invariant: never panics and never overflows the stack, whatever the text.

use super::{Constraint, Kind, Operator, Reference};

/// Deeper nesting than any client writes; bounds the recursion. The real market has no bound but its stack.
const MAX_DEPTH: usize = 64;

/// Longer than any client writes; bounds the time that matching takes. The real market's only bound is a body's.
const LONGEST_TEXT: usize = 16 * 1024;

/// What separates tokens.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Where a text stops being a constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid constraint at byte {at}: expected {expected}")]
pub struct ConstraintError {
    /// Offset in bytes.
    pub at: usize,
    /// What would have fitted.
    pub expected: &'static str,
    /// Whether more text would have helped. The real parser gives up there, and does not look for another reading.
    ended: bool,
}

/// Reads a filter such as `(&(golem.runtime.name=vm)(golem.inf.cpu.threads>=2))`. What follows it does not matter.
///
/// # Errors
/// Says where the text stops being a constraint. On the market such a text matches nothing.
pub fn parse(text: &str) -> Result<Constraint, ConstraintError> {
    if text.len() > LONGEST_TEXT {
        return Err(ConstraintError {
            at: LONGEST_TEXT,
            expected: "the end of the constraints",
            ended: true,
        });
    }
    Parser { text, at: 0 }.filter(0)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(SPACE).len();
    }

    fn expected(&self, expected: &'static str) -> ConstraintError {
        ConstraintError { at: self.at, expected, ended: self.rest().is_empty() }
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn require(&mut self, symbol: &str, expected: &'static str) -> Result<(), ConstraintError> {
        self.skip_space();
        if self.take(symbol) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// `()` has to stand right here; every other filter may have space around and between its parts.
    fn filter(&mut self, depth: usize) -> Result<Constraint, ConstraintError> {
        if self.take("()") {
            return Ok(Constraint::All(Vec::new()));
        }
        self.require("(", "`(`")?;
        if depth > MAX_DEPTH {
            return Err(self.expected("less nesting"));
        }
        self.skip_space();
        let constraint = self.content(depth)?;
        self.require(")", "`)`")?;
        self.skip_space();
        Ok(constraint)
    }

    fn content(&mut self, depth: usize) -> Result<Constraint, ConstraintError> {
        let start = self.at;
        if self.take("&") {
            return self.group(depth).map(Constraint::All);
        }
        if self.take("|") {
            return self.group(depth).map(Constraint::Any);
        }
        if self.take("!") {
            self.skip_space();
            match self.filter(depth + 1) {
                Ok(inner) => return Ok(Constraint::Not(Box::new(inner))),
                Err(error) if error.ended || depth >= MAX_DEPTH => return Err(error),
                // Not a negation, then: a property's name may begin with `!`, too.
                Err(_) => self.at = start,
            }
        }
        self.comparison()
    }

    /// Filters up to the first text that is none.
    fn group(&mut self, depth: usize) -> Result<Vec<Constraint>, ConstraintError> {
        self.skip_space();
        let mut inner = Vec::new();
        while !self.rest().is_empty() {
            let start = self.at;
            match self.filter(depth + 1) {
                Ok(constraint) => inner.push(constraint),
                Err(error) if error.ended || depth >= MAX_DEPTH => return Err(error),
                Err(_) => {
                    self.at = start;
                    break;
                }
            }
        }
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Constraint, ConstraintError> {
        // A name may hold anything else, parentheses included.
        let end = self.rest().find(['=', '<', '>', '~']);
        let name = &self.rest()[..end.unwrap_or(self.rest().len())];
        let reference = reference(name).ok_or_else(|| self.expected("a property's name"));
        self.at += name.len();
        if self.take("=*") {
            return reference.map(Constraint::Present);
        }
        let operator = self.operator()?;
        let Some(end) = self.rest().find(')') else {
            self.at = self.text.len();
            return Err(self.expected("`)`"));
        };
        let value = self.rest()[..end].to_owned();
        self.at += end;
        Ok(Constraint::Compare { property: reference?, operator, value })
    }

    fn operator(&mut self) -> Result<Operator, ConstraintError> {
        // Two characters first, or `<=` would read as `<` and a value `=…`.
        let operators = [Operator::LessEqual, Operator::GreaterEqual, Operator::Less, Operator::Greater];
        for operator in operators.into_iter().chain([Operator::Equal]) {
            if self.take(operator.symbol()) {
                return Ok(operator);
            }
        }
        Err(self.expected("`=`, `<`, `<=`, `>` or `>=`"))
    }
}

/// `name`, `name$v`, `name[aspect]` or `name[aspect]$v`.
fn reference(text: &str) -> Option<Reference> {
    let (text, kind) = match text.split_once('$') {
        None => (text, None),
        Some((text, "d")) => (text, Some(Kind::Decimal)),
        Some((text, "v")) => (text, Some(Kind::Version)),
        Some((text, "t")) => (text, Some(Kind::Time)),
        Some(_) => return None,
    };
    let (name, aspect) = match text.split_once('[') {
        None => (text, None),
        Some((name, aspect)) => (name, Some(aspect.strip_suffix(']')?)),
    };
    let odd = |text: &str| text.contains(['[', ']']);
    if odd(name) || aspect.is_some_and(odd) {
        return None;
    }
    Some(Reference { property: name.to_owned(), aspect: aspect.map(str::to_owned), kind })
}
