//! All that a tutorial would run, in a form that a person can judge and a program can compare.
//!
//! May import its siblings. Invariant: no command of a step is missing, and no character of one is invisible.

use super::Tutorial;
use super::step::Step;

/// When a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Before its turn, to see whether there is anything to do.
    First,
    /// In its turn.
    Run,
    /// Whenever the walk ends.
    Teardown,
}

impl When {
    /// Before the command, for people.
    fn words(self) -> &'static str {
        match self {
            Self::First => "to look first: ",
            Self::Run => "",
            Self::Teardown => "on any end: ",
        }
    }
}

/// A command that a step would run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// The step's id.
    pub step: String,
    /// When it is run.
    pub when: When,
    /// The argument vector.
    pub argv: Vec<String>,
}

impl Order {
    /// One line that shows every character: what is not printable stands as an escape of the shell's `$'…'`.
    pub fn line(&self) -> String {
        let words: Vec<String> = self.argv.iter().map(|argument| visible(argument)).collect();
        format!("{}: {}{}", visible(&self.step), self.when.words(), words.join(" "))
    }
}

/// Everything that the tutorial would run, on whichever network and from whichever step on.
pub fn orders(tutorial: &Tutorial) -> Vec<Order> {
    tutorial.steps().iter().flat_map(orders_of).collect()
}

fn orders_of(step: &Step) -> Vec<Order> {
    // Every field is named, so that a new one cannot be forgotten: does it run something?
    let Step {
        id,
        run,
        teardown,
        title: _,
        file: _,
        line: _,
        needs: _,
        timeout: _,
        retry: _,
        checks: _,
        hints: _,
        undoes: _,
        networks: _,
        leaves: _,
        inputs: _,
        already,
        fingerprint: _,
        wait_for: _,
        interrupt_when: _,
        stall_when: _,
        prose: _,
        expected: _,
    } = step;
    let of = |when: When, commands: &[Vec<String>]| -> Vec<Order> {
        commands.iter().map(|argv| Order { step: id.clone(), when, argv: argv.clone() }).collect()
    };
    let first = already.as_ref().map(|already| of(When::First, &already.run)).unwrap_or_default();
    [first, of(When::Run, run), of(When::Teardown, teardown)].concat()
}

/// An argument as a shell would read it back, with every control, formatting or otherwise invisible character escaped.
pub fn visible(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    if argument.chars().all(|c| !is_hidden(c)) {
        return format!("'{}'", argument.replace('\'', r"'\''"));
    }
    let escaped: String = argument.chars().map(escaped).collect();
    format!("$'{escaped}'")
}

fn escaped(c: char) -> String {
    match c {
        '\n' => r"\n".into(),
        '\t' => r"\t".into(),
        '\r' => r"\r".into(),
        '\'' | '\\' => format!("\\{c}"),
        _ if !is_hidden(c) => c.to_string(),
        _ if c.is_ascii() => format!("\\x{:02x}", c as u32),
        _ if (c as u32) < 0x1_0000 => format!("\\u{:04x}", c as u32),
        _ => format!("\\U{:08x}", c as u32),
    }
}

/// Whether a terminal would not show the character as one of its own. Rust escapes exactly those for debugging: controls,
/// formatting such as bidirectional overrides, other spaces, and marks that cling to the character before.
fn is_hidden(c: char) -> bool {
    !matches!(c, '\'' | '"' | '\\') && c.escape_debug().count() > 1
}

/// What was said, one line an order, for comparison with what was trusted before.
pub fn lines(orders: &[Order]) -> Vec<String> {
    orders.iter().map(Order::line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tutorial::Values;

    #[test]
    fn every_command_is_shown() {
        let text = "---\nid: up\ntitle: T\nalready: {run: [[ray, status]], checks: [{exit_code: 0}], why: w}\nrun:\n  - [ray, up]\n  - [echo, \"a b\"]\nteardown:\n  - [ray, down]\nchecks:\n  - exit_code: 0\n---\n";
        let tutorial = Tutorial::load(&[("01-a.md".into(), text.into())], &Values::new()).unwrap();
        assert_eq!(
            lines(&orders(&tutorial)),
            ["up: to look first: ray status", "up: ray up", "up: echo 'a b'", "up: on any end: ray down"]
        );
    }

    #[test]
    fn nothing_can_hide() {
        for (argument, shown) in [
            ("a\rb", r"$'a\rb'"),
            ("\u{1b}[8mrm\u{1b}[0m", r"$'\x1b[8mrm\x1b[0m'"),
            ("x\u{202e}y", r"$'x\u202ey'"),
            ("x\u{200b}", r"$'x\u200b'"),
            ("x\u{e0041}", r"$'x\U000e0041'"),
            ("a\\nb", r"'a\nb'"),
            ("it's\n", r"$'it\'s\n'"),
            ("é", "'é'"),
            ("", "''"),
        ] {
            assert_eq!(visible(argument), shown);
        }
    }
}
