//! A step file whose expected outputs are written anew from what was printed.
//!
//! May import its siblings. Invariant: only lines that nothing printed is like are changed; every other byte of the file
//! stays, and what has been renewed deviates no more.

use std::ops::Range;

use super::{Block, Deviation, Expected, LEFT_OUT, Line, Versions, blocks, lines};

/// More lines than twice this are not taken into an empty block; the middle is left out then.
const HALF: usize = 6;
/// How alike two lines must be for one to be taken as the other's new form.
const ALIKE: f64 = 0.5;
/// No more lines than these are searched for likeness; it would take long and find little.
const MOST: usize = 2000;

/// A step file with renewed blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The whole file.
    pub text: String,
    /// For each block that was renewed, what it deviated in and what is likely behind it.
    pub causes: Vec<(Deviation, String)>,
    /// Blocks that deviate and cannot be rewritten, because placeholders decide how many lines they have.
    pub by_hand: usize,
}

/// Renews the blocks of a file whose prose begins at `prose_at`. `expected` are its blocks, filled; `private` are texts, such
/// as folders of this machine, that must not get into it.
pub fn renewed(
    (file, prose_at): (&str, usize),
    expected: &[Expected],
    output: &str,
    now: &Versions,
    private: &[String],
) -> Renewed {
    let mut renewed = Renewed { text: file.to_owned(), causes: Vec::new(), by_hand: 0 };
    let found: Vec<Block> =
        blocks(&file[prose_at..]).into_iter().map(|block| moved(block, prose_at)).collect();
    let same_number = found.len() == expected.len();
    // From the end, so that places before stay where they are.
    for (block, expected) in found.iter().zip(expected).rev() {
        let deviation = expected.deviation(output);
        if deviation.is_none() {
            continue;
        }
        let written = &file[block.body.clone()];
        if !same_number || written.lines().count() != expected.text.lines().count() {
            renewed.by_hand += 1;
            continue;
        }
        renewed.text.replace_range(block.body.clone(), &body(written, expected, output, private));
        if let Some(comment) = now.comment() {
            let place = block.comment.clone().unwrap_or(block.fence.start..block.fence.start);
            renewed.text.replace_range(place, &format!("{comment}\n"));
        }
        let then = expected.versions.clone().unwrap_or_default();
        renewed.causes.push((deviation, then.likely_cause(now)));
    }
    renewed.causes.reverse();
    renewed
}

fn moved(block: Block, by: usize) -> Block {
    let range = |range: Range<usize>| range.start + by..range.end + by;
    Block {
        body: range(block.body),
        fence: range(block.fence),
        comment: block.comment.map(range),
        versions: block.versions,
    }
}

/// A line of the new block, and the printed line behind it.
struct Kept {
    text: String,
    printed: Option<usize>,
}

/// The new text between the fences.
fn body(written: &str, expected: &Expected, output: &str, private: &[String]) -> String {
    let printed = lines(output);
    let written: Vec<(&str, Line)> = written.lines().zip(expected.text.lines().map(Line::new)).collect();
    let asks = |line: &Line| !line.plain.is_empty() && !line.is_left_out();
    let mut used = vec![false; printed.len()];
    let mut partner: Vec<Option<usize>> = vec![None; written.len()];
    for (index, (_, line)) in written.iter().enumerate().filter(|(_, (_, line))| asks(line)) {
        let free = (0..printed.len()).find(|at| !used[*at] && line.stands_for(&printed[*at]));
        let found = free.or_else(|| (0..printed.len()).find(|at| line.stands_for(&printed[*at])));
        if let Some(at) = found {
            used[at] = true;
            partner[index] = found;
        }
    }
    // Whatever an expected line is like needs no line of its own.
    for (at, line) in printed.iter().enumerate() {
        used[at] |= written.iter().any(|(_, expected)| asks(expected) && expected.stands_for(line));
    }
    let mut kept: Vec<Kept> = Vec::new();
    for (index, (text, line)) in written.iter().enumerate() {
        if !asks(line) || partner[index].is_some() {
            kept.push(Kept { text: (*text).to_owned(), printed: partner[index] });
        } else if let Some(at) = most_alike(line, &printed, &used) {
            used[at] = true;
            kept.push(Kept { text: new_form(line, &printed[at], private), printed: Some(at) });
        }
    }
    if kept.iter().all(|line| line.printed.is_none()) {
        return shortened(&printed, private);
    }
    if expected.is_alone && !written.iter().any(|(_, line)| line.is_left_out()) {
        insert_rest(&mut kept, &printed, &used, private);
    }
    kept.into_iter().map(|line| line.text + "\n").collect()
}

/// Puts every printed line that has no partner behind the one that was printed before it.
fn insert_rest(kept: &mut Vec<Kept>, printed: &[Line], used: &[bool], private: &[String]) {
    for at in (0..printed.len()).filter(|at| !used[*at]) {
        let before = kept.iter().enumerate().filter_map(|(index, line)| Some((line.printed?, index)));
        let place = before.filter(|(other, _)| *other < at).max().map_or(0, |(_, index)| index + 1);
        kept.insert(place, Kept { text: to_write(&printed[at].text, private), printed: Some(at) });
    }
}

/// A first recording: everything, or the beginning and the end.
fn shortened(printed: &[Line], private: &[String]) -> String {
    let text = |line: &Line| to_write(&line.text, private) + "\n";
    if printed.len() <= 2 * HALF {
        return printed.iter().map(text).collect();
    }
    let (first, last) = (&printed[..HALF], &printed[printed.len() - HALF..]);
    let left_out = format!("{LEFT_OUT}\n");
    first.iter().map(text).chain([left_out]).chain(last.iter().map(text)).collect()
}

/// The printed line without a partner that is most like this one, if any is.
fn most_alike(line: &Line, printed: &[Line], used: &[bool]) -> Option<usize> {
    let free = (0..printed.len()).filter(|at| !used[*at]).take(MOST);
    let alike = free.map(|at| (strsim::normalized_levenshtein(&line.plain, &printed[at].plain), at));
    let best = alike.max_by(|(one, at), (other, later)| one.total_cmp(other).then(later.cmp(at)))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// The printed line in place of the expected one; what the latter leaves out at its end or its beginning stays left out.
fn new_form(expected: &Line, printed: &Line, private: &[String]) -> String {
    let whole = to_write(&printed.text, private);
    let mut parts = expected.text.split(LEFT_OUT);
    let (Some(start), Some(end), None) = (parts.next(), parts.next(), parts.next()) else { return whole };
    let words = |text: &str| text.split_whitespace().count();
    let all: Vec<&str> = whole.split(' ').collect();
    let form = if !start.is_empty() && whole.starts_with(start) {
        let tail = all[all.len().saturating_sub(words(end))..].join(" ");
        let gap = if end.starts_with(' ') { " " } else { "" };
        format!("{start}{LEFT_OUT}{gap}{tail}")
    } else if !end.is_empty() && whole.ends_with(end) {
        let head = all[..words(start).min(all.len())].join(" ");
        let gap = if start.ends_with(' ') { " " } else { "" };
        format!("{head}{gap}{LEFT_OUT}{end}")
    } else {
        return whole;
    };
    if Line::new(&form).stands_for(printed) { form } else { whole }
}

/// A printed line as it can stand in a step file: no folder of this machine, no placeholder, no fence.
fn to_write(text: &str, private: &[String]) -> String {
    let mut text = text.to_owned();
    for private in private.iter().filter(|private| !private.is_empty()) {
        text = text.replace(private.as_str(), &LEFT_OUT.to_string());
    }
    if text.starts_with("```") || ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
        return LEFT_OUT.to_string();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "---\nid: a\n---\n\nProse.\n\n<!-- seen with ray 2.9.3 -->\n```output\n";

    fn now() -> Versions {
        Versions { ray: Some("2.10.0".into()), ..Versions::default() }
    }

    fn renew(body: &str, output: &str) -> Renewed {
        let file = format!("{FILE}{body}```\n\nThe end.\n");
        let expected = Expected::all(&file);
        renewed((&file, 10), &expected, output, &now(), &["/home/a".into()])
    }

    fn body_of(renewed: &Renewed) -> &str {
        let (_, rest) = renewed.text.split_once("```output\n").unwrap();
        rest.split_once("```\n").unwrap().0
    }

    #[test]
    fn what_does_not_deviate_stays_byte_for_byte() {
        let output = "Ray 2.9.3 has started after 3 s\nfetched\n";
        let renewed = renew("fetched\nRay 2.9.3 has started after 12.1 s\n", output);
        assert_eq!(renewed.causes, []);
        assert!(renewed.text.starts_with(FILE) && renewed.text.ends_with("12.1 s\n```\n\nThe end.\n"));
    }

    #[test]
    fn only_the_line_that_nothing_is_like_changes_and_the_cause_is_named() {
        let renewed = renew(
            "Ray 2.9.3 has started\n…\nfetched 12 files\n",
            "fetched 12 files\nnoise\nRay 2.10.0 has started\n",
        );
        assert_eq!(body_of(&renewed), "Ray 2.10.0 has started\n…\nfetched 12 files\n");
        assert_eq!(renewed.causes[0].1, "likely cause: ray 2.9.3 → 2.10.0");
        assert!(renewed.text.contains("Prose.\n\n<!-- seen with ray 2.10.0 -->\n```output\n"));
        assert!(renewed.text.ends_with("```\n\nThe end.\n"));
    }

    #[test]
    fn what_was_left_out_of_a_line_stays_left_out() {
        let output = "Ray 2.10.0 has started at /home/a/x\nversion 7 of ray\n";
        let renewed = renew("Ray 2.9.3 has … /home/b/x\n…\nversion… of rai\n", output);
        assert_eq!(body_of(&renewed), "Ray 2.10.0 has started at …/x\n…\nversion… of ray\n");
    }

    #[test]
    fn a_line_that_has_no_new_form_goes_and_new_ones_find_their_place() {
        let renewed = renew("one is here\nquite another thing\nlast of all\n", "one is here\nlast of all\n");
        assert_eq!(body_of(&renewed), "one is here\nlast of all\n");
        let renewed = renew("first line\nlast line\n", "first line\n0123456789\nlast line\nlist\n");
        assert_eq!(body_of(&renewed), "first line\n0123456789\nlast line\nlist\n");
    }

    #[test]
    fn an_empty_block_is_filled() {
        assert_eq!(body_of(&renew("", "one\ntwo {{ x }}\n")), "one\n…\n");
        let many: String = (10..99).map(|number| format!("line {number}\n")).collect();
        let filled = renew("", &many);
        assert_eq!(body_of(&filled).lines().count(), 2 * HALF + 1);
        assert!(body_of(&filled).contains("line 15\n…\nline 93\n"));
    }

    #[test]
    fn placeholders_that_decide_the_number_of_lines_are_for_a_human() {
        let file = format!("{FILE}{{% for url in urls %}}{{{{ url }}}}\n{{% endfor %}}\n```\n");
        let expected = [Expected { text: "a\nb\nc\n".into(), versions: None, is_alone: true }];
        let renewed = renewed((&file, 10), &expected, "d\n", &now(), &[]);
        assert_eq!((renewed.text, renewed.by_hand), (file, 1));
    }

    #[test]
    fn a_placeholder_in_a_line_that_fits_is_kept() {
        let file = format!("{FILE}{{{{ name }}}} is up\nRay 1\n```\n");
        let expected = [Expected { text: "golem is up\nRay 1\n".into(), versions: None, is_alone: true }];
        let renewed = renewed((&file, 10), &expected, "golem is up\nRay 2\n", &now(), &[]);
        assert!(renewed.text.contains("{{ name }} is up\nRay 2\n"), "{}", renewed.text);
    }

    #[test]
    fn what_was_renewed_deviates_no_more() {
        for (body, output) in [
            ("a b c d\n", "x\ny\n"),
            ("a b c d\n…\n", "a b c e\nf\n"),
            ("", "one\n```\n"),
            ("one two\nthree four\n", "one too\none two\nfive\n"),
        ] {
            let renewed = renew(body, output);
            let all = Expected::all(&renewed.text);
            assert!(all[0].deviation(output).is_none(), "{}", renewed.text);
        }
    }
}
