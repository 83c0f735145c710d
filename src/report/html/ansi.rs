//! A terminal's output as HTML: colours and weights as classes, lines that were written over left out.
//!
//! May import nothing of the house. Pure. Invariant: every element that is opened is closed. Colours are the page's own
//! sixteen, of which each can be read on its background in light and in dark, so a program's own background colours and
//! finer shades are not kept; that is why no crate does it.

use console::AnsiCodeIterator;

use super::escape::escaped;

/// The output as the content of a `<pre>`.
pub(super) fn html(output: &str) -> String {
    let mut html = String::with_capacity(output.len() + output.len() / 8);
    let mut look = Look::default();
    for line in output.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        // What stands before the last carriage return was written over, its colours were not.
        let line = line.trim_end_matches('\r');
        let (over, shown) = line.rsplit_once('\r').unwrap_or(("", line));
        codes(over).for_each(|code| look.apply(code));
        for (text, is_code) in AnsiCodeIterator::new(shown) {
            if is_code {
                look.apply(text);
            } else {
                look.write(text, &mut html);
            }
        }
        html.push_str(end);
    }
    html
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    AnsiCodeIterator::new(text).filter(|(_, is_code)| *is_code).map(|(code, _)| code)
}

/// How text looks from here on (ECMA-48, section 8.3.117: SGR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    colour: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
}

impl Look {
    fn apply(&mut self, code: &str) {
        let Some(parameters) = code.strip_prefix("\u{1b}[").and_then(|code| code.strip_suffix('m')) else {
            return;
        };
        let numbers: Vec<u16> =
            parameters.split([';', ':']).map(|number| number.parse().unwrap_or(0)).collect();
        let mut rest = numbers.as_slice();
        while let [number, after @ ..] = rest {
            rest = after;
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                30..=37 => self.colour = Some((number - 30) as u8),
                90..=97 => self.colour = Some((number - 90 + 8) as u8),
                39 => self.colour = None,
                38 | 48 => {
                    let (colour, after) = extended(rest);
                    rest = after;
                    if *number == 38 {
                        self.colour = colour;
                    }
                }
                _ => {}
            }
        }
    }

    fn write(self, text: &str, html: &mut String) {
        let mut classes: Vec<String> = self.colour.map(|colour| format!("c{colour}")).into_iter().collect();
        for (is, class) in [(self.bold, "b"), (self.dim, "d"), (self.italic, "i"), (self.underlined, "u")] {
            classes.extend(is.then(|| class.to_owned()));
        }
        let text = escaped(text);
        if classes.is_empty() || text.is_empty() {
            html.push_str(&text);
        } else {
            html.push_str(&format!("<span class=\"{}\">{text}</span>", classes.join(" ")));
        }
    }
}

/// The colour behind 38 or 48: `5;n` is one of 256, `2;r;g;b` any; and the numbers behind it.
fn extended(numbers: &[u16]) -> (Option<u8>, &[u16]) {
    match numbers {
        [5, number, rest @ ..] => (of_256(*number), rest),
        [2, red, green, blue, rest @ ..] => (nearest(*red, *green, *blue), rest),
        _ => (None, &[]),
    }
}

fn of_256(number: u16) -> Option<u8> {
    match number {
        0..=15 => Some(number as u8),
        16..=231 => {
            let cube = number - 16;
            nearest(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51)
        }
        _ => None,
    }
}

/// The one of the eight colours that is meant; none for a grey, which is the text's own.
fn nearest(red: u16, green: u16, blue: u16) -> Option<u8> {
    let most = red.max(green).max(blue);
    if most - red.min(green).min(blue) < 48 {
        return None;
    }
    let bit = |channel: u16, bit: u8| if channel * 3 > most * 2 { bit } else { 0 };
    Some(bit(red, 1) | bit(green, 2) | bit(blue, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_text_stays_text() {
        assert_eq!(html("plain <b> & \"x\"\n"), "plain &lt;b&gt; &amp; &quot;x&quot;\n");
        assert_eq!(
            html("\u{1b}[36mcyan\u{1b}[39m \u{1b}[1;31mred\u{1b}[0m.\n"),
            "<span class=\"c6\">cyan</span> <span class=\"c1 b\">red</span>.\n"
        );
        assert_eq!(
            html("\u{1b}[2mdim\nstill\u{1b}[22m not"),
            "<span class=\"d\">dim</span>\n<span class=\"d\">still</span> not"
        );
        assert_eq!(html("\u{1b}[92mbright\u{1b}[m x"), "<span class=\"c10\">bright</span> x");
    }

    #[test]
    fn finer_colours_become_the_nearest_and_backgrounds_go() {
        assert_eq!(html("\u{1b}[38;5;196mred\u{1b}[0m"), "<span class=\"c1\">red</span>");
        assert_eq!(html("\u{1b}[38;2;250;240;20myellow\u{1b}[0m"), "<span class=\"c3\">yellow</span>");
        assert_eq!(html("\u{1b}[38;5;244mgrey\u{1b}[48;5;196m x\u{1b}[41m y"), "grey x y");
    }

    #[test]
    fn what_was_written_over_is_left_out() {
        assert_eq!(html("10 %\r50 %\r100 %\r\nnext\r\n"), "100 %\nnext\n");
        assert_eq!(html("\u{1b}[32m10 %\rdone\u{1b}[0m\n"), "<span class=\"c2\">done</span>\n");
        assert_eq!(html("a\u{1b}[2K\u{1b}[1Ab\u{7}\u{8}c"), "abc");
    }
}
