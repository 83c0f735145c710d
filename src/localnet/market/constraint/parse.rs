//! Text to [`Constraint`].
//!
//! May import nothing of the house. Invariant: never panics and never overflows the stack, whatever the text.

use super::{Constraint, Operator};

/// Deeper nesting than any client writes; bounds the recursion.
const MAX_DEPTH: usize = 64;

/// Where a text stops being a constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid constraint at byte {at}: expected {expected}")]
pub struct ConstraintError {
    /// Offset in bytes.
    pub at: usize,
    /// What would have fitted.
    pub expected: &'static str,
}

/// Reads a filter such as `(&(golem.runtime.name=vm)(golem.inf.cpu.threads>=2))`.
///
/// # Errors
/// Says where the text stops being a constraint.
pub fn parse(text: &str) -> Result<Constraint, ConstraintError> {
    let mut parser = Parser { text, at: 0 };
    let constraint = parser.constraint(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.expected("the end of the text"));
    }
    Ok(constraint)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn expected(&self, expected: &'static str) -> ConstraintError {
        ConstraintError { at: self.at, expected }
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

    fn constraint(&mut self, depth: usize) -> Result<Constraint, ConstraintError> {
        self.require("(", "`(`")?;
        if depth > MAX_DEPTH {
            return Err(self.expected("less nesting"));
        }
        self.skip_space();
        if self.take(")") {
            return Ok(Constraint::All(Vec::new()));
        }
        if self.take("&") {
            return self.group(depth).map(Constraint::All);
        }
        if self.take("|") {
            return self.group(depth).map(Constraint::Any);
        }
        // A property's name may begin with `!` too; a negation is followed by a parenthesis.
        if self.rest().strip_prefix('!').is_some_and(|rest| rest.trim_start().starts_with('(')) {
            self.at += 1;
            let inner = self.constraint(depth + 1)?;
            self.require(")", "`)`")?;
            return Ok(Constraint::Not(Box::new(inner)));
        }
        self.comparison()
    }

    fn group(&mut self, depth: usize) -> Result<Vec<Constraint>, ConstraintError> {
        let mut inner = Vec::new();
        loop {
            self.skip_space();
            if self.take(")") {
                return Ok(inner);
            }
            inner.push(self.constraint(depth + 1)?);
        }
    }

    fn comparison(&mut self) -> Result<Constraint, ConstraintError> {
        let end = self.rest().find(['=', '<', '>', '(', ')']).unwrap_or(self.rest().len());
        let property = self.rest()[..end].trim().to_owned();
        if property.is_empty() {
            return Err(self.expected("a property's name"));
        }
        self.at += end;
        let operator = self.operator()?;
        let end = self.rest().find(['(', ')']).unwrap_or(self.rest().len());
        let value = self.rest()[..end].trim().to_owned();
        self.at += end;
        self.require(")", "`)`")?;
        if operator == Operator::Equal && value == "*" {
            return Ok(Constraint::Present(property));
        }
        Ok(Constraint::Compare { property, operator, value })
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
