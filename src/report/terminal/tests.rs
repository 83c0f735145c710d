//! How a walk looks at 40 and at 80 columns, and as a document.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::event::{Ending, PlannedStep};
use crate::evidence::{Evidence, Exit, LedgerRow};

#[derive(Clone, Default)]
struct Page(Rc<RefCell<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn planned(id: &str, title: &str) -> PlannedStep {
    PlannedStep { id: id.into(), title: title.into(), file: format!("tutorial/{id}.md"), line: 4 }
}

fn events() -> Vec<Event> {
    let row = |url: &str, ok: bool| LedgerRow {
        url: url.into(),
        ok,
        error: (!ok).then(|| "Connection reset by peer".into()),
        bytes: 1,
        verified: ok.then(|| "cid".into()),
        attempts: 1,
        node: "192.168.0.4".into(),
    };
    let evidence = Evidence {
        exit: Exit::Code(1),
        output: String::new(),
        notes: Vec::new(),
        elapsed: Duration::from_millis(6100),
        ledger: vec![
            row("https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq", true),
            row("https://example.com/", false),
        ],
        findings: Vec::new(),
        verdicts: Vec::new(),
        nodes: Some(vec!["192.168.0.4".into()]),
        busy_ports: Some(Vec::new()),
        processes: None,
    };
    vec![
        Event::WalkStarted {
            project: "demo".into(),
            network: "localnet".into(),
            simulated: true,
            content: None,
            steps: vec![planned("ray-submit", "Submit"), planned("ray-down", "Down")],
            about: Box::default(),
        },
        Event::StepStarted {
            id: "ray-submit".into(),
            title: "Submit the script to the cluster".into(),
            number: 1,
            count: 2,
            file: "tutorial/08-ray-submit.md".into(),
            line: 4,
            prose: "The script is copied to the head node and its tasks run on the nodes.".into(),
            command: "ray submit golem-cluster.yaml simple-outbound.py".into(),
        },
        Event::Output("\u{1b}[36mFetched IP\u{1b}[0m: 192.168.0.3\r\nno newline".into()),
        Event::Checked { check: "the command returns 0".into(), verdict: Verdict::Pass },
        Event::Checked {
            check: "12 downloads were fetched and verified".into(),
            verdict: Verdict::Fail { expected: "12".into(), found: "11 of them and one reset".into() },
        },
        Event::Hinted(Hint::new(
            Cause::Whitelist,
            "The host is not among outbound_urls.",
            "golem-outbound check",
        )),
        Event::StepFinished {
            id: "ray-submit".into(),
            outcome: Outcome::Failed,
            reason: String::new(),
            elapsed: Duration::from_millis(6100),
            evidence: Some(Box::new(evidence)),
        },
        Event::StepFinished {
            id: "ray-down".into(),
            outcome: Outcome::NotReached,
            reason: "`ray-submit` did not pass".into(),
            elapsed: Duration::ZERO,
            evidence: None,
        },
        Event::TornDown {
            command: "ray down golem-cluster.yaml --yes".into(),
            ok: true,
            elapsed: Duration::from_secs(13),
        },
        Event::WalkFinished { elapsed: Duration::from_secs(20), ending: Ending::Complete, exit_code: 1 },
    ]
}

fn page(width: usize, colour: bool) -> String {
    let page = Page::default();
    let mut terminal =
        Terminal::new(page.clone(), Style { width, colour, overwrites: false, plain: false, ascii: false });
    events().iter().for_each(|event| terminal.event(event));
    let bytes = page.0.borrow().clone();
    String::from_utf8(bytes).expect("text")
}

fn waiting(overwrites: bool) -> String {
    let page = Page::default();
    let mut terminal = Terminal::new(
        page.clone(),
        Style { width: 80, colour: false, overwrites, plain: false, ascii: false },
    );
    for second in 1..=31 {
        terminal.event(&Event::Waited { what: String::new(), elapsed: Duration::from_secs(second) });
    }
    terminal.event(&Event::Output("at last\n".into()));
    let bytes = page.0.borrow().clone();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn on_a_terminal_passing_time_is_shown_in_place_and_leaves_no_trace() {
    let page = waiting(true);
    assert!(page.starts_with("\r  ... 1 s\r  ... 2 s"), "{page:?}");
    assert!(page.ends_with("\r  ... 31 s\r          \rat last\n"), "{page:?}");
}

#[test]
fn off_a_terminal_passing_time_is_a_line_now_and_then() {
    assert_eq!(waiting(false), "- still running after 30 s\nat last\n");
}

#[test]
fn eighty_columns() {
    insta::assert_snapshot!(page(80, false), @r"
    Internet access from Ray on Golem: demo, 2 steps on localnet (simulated)

    [1/2] Submit the script to the cluster

    The script is copied to the head node and its tasks run on the nodes.

    $ ray submit golem-cluster.yaml simple-outbound.py
    Fetched IP: 192.168.0.3
    no newline
      pass  the command returns 0
      FAIL  12 downloads were fetched and verified
            expected 12
            found 11 of them and one reset
      hint  (the providers' whitelist) The host is not among outbound_urls.
            golem-outbound check
    ray-submit: failed after 6.1 s
    ray-down: not reached
        `ray-submit` did not pass
    - teardown `ray down golem-cluster.yaml --yes`: done, 13.0 s

    Summary of demo on localnet (simulated)

    ray-submit  failed            6.1 s
    ray-down    not reached       0.0 s
      `ray-submit` did not pass
      teardown `ray down golem-cluster.yaml --yes`: done, 13.0 s

    Downloads
    ray-submit: 1 of 2 verified
      https://ipfs.io/ipfs/bafkr…kbx5wi6giaizt2bvq  ok, 1 B, cid      192.168.0.4
      https://example.com/                          FAILED            192.168.0.4
      because: Connection reset by peer

    1 failed, 1 not reached; 20.0 s in all. All of it simulated: it says that your
    files and your workflow are sound, not that the network has such providers at
    such prices today.
    ");
}

#[test]
fn forty_columns() {
    insta::assert_snapshot!(page(40, false), @r"
    Internet access from Ray on Golem: demo,
    2 steps on localnet (simulated)

    [1/2] Submit the script to the cluster

    The script is copied to the head node
    and its tasks run on the nodes.

    $ ray submit golem-cluster.yaml \
        simple-outbound.py
    Fetched IP: 192.168.0.3
    no newline
      pass  the command returns 0
      FAIL  12 downloads were fetched and
            verified
            expected 12
            found 11 of them and one reset
      hint  (the providers' whitelist) The
            host is not among outbound_urls.
            golem-outbound check
    ray-submit: failed after 6.1 s
    ray-down: not reached
        `ray-submit` did not pass
    - teardown `ray down golem-cluster.yaml
      --yes`: done, 13.0 s

    Summary of demo on localnet (simulated)

    ray-submit  failed            6.1 s
    ray-down    not reached       0.0 s
      `ray-submit` did not pass
      teardown `ray down golem-cluster.yaml
      --yes`: done, 13.0 s

    Downloads
    ray-submit: 1 of 2 verified
      https://ipfs.io/ipfs/ba…5wi6giaizt2bvq
      ok, 1 B, cid, 192.168.0.4
      https://example.com/ FAILED,
      192.168.0.4
      because: Connection reset by peer

    1 failed, 1 not reached; 20.0 s in all.
    All of it simulated: it says that your
    files and your workflow are sound, not
    that the network has such providers at
    such prices today.
    ");
}

/// The ids and times of a whole walk are wider than those of the page above.
#[test]
fn the_table_of_a_whole_walk_fits_forty_columns() {
    let passed = [("configure-outbound", Outcome::Passed, 0), ("ray-up", Outcome::Passed, 1419)];
    insta::assert_snapshot!(table(&passed), @r"
    configure-outbound  passed    0.0 s
    ray-up              passed  141.9 s
    ");
    // With longer words it takes two lines for each.
    let unclear = [("configure-outbound", Outcome::Passed, 0), ("ray-up", Outcome::Inconclusive, 1419)];
    insta::assert_snapshot!(table(&unclear), @r"
    configure-outbound
      passed, 0.0 s
    ray-up
      could not tell, 141.9 s
    ");
}

/// The summary's table of steps at 40 columns: id, outcome, tenths of a second.
fn table(steps: &[(&str, Outcome, u64)]) -> String {
    let mut walk = Walk::default();
    for (id, outcome, tenths) in steps {
        let finished = Event::StepFinished {
            id: (*id).into(),
            outcome: *outcome,
            reason: String::new(),
            elapsed: Duration::from_millis(tenths * 100),
            evidence: None,
        };
        walk.take(&finished, Duration::ZERO);
    }
    let text = summary::text(&walk, 40);
    text.split("\n\n").nth(1).unwrap_or_default().to_owned()
}

#[test]
fn without_colour_there_is_no_escape_and_with_colour_there_is() {
    assert!(!page(80, false).contains('\u{1b}'));
    assert!(page(80, true).contains('\u{1b}'));
}

fn plain_page(width: usize) -> String {
    let page = Page::default();
    let style = Style { width, colour: true, overwrites: true, plain: false, ascii: false }.plain();
    let mut terminal = Terminal::new(page.clone(), style);
    for event in events() {
        terminal.event(&event);
        terminal.event(&Event::Waited { what: String::new(), elapsed: Duration::from_secs(40) });
    }
    let bytes = page.0.borrow().clone();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn for_a_screen_reader_every_line_is_whole_and_in_words() {
    let page = plain_page(80);
    let beginning = page.split("ray-submit: failed").next().unwrap();
    insta::assert_snapshot!(beginning, @r"
    Internet access from Ray on Golem: demo, 2 steps on localnet (simulated)
    - still running after 40 s

    Step 1 of 2: Submit the script to the cluster

    The script is copied to the head node and its tasks run on the nodes.

    Command: ray submit golem-cluster.yaml simple-outbound.py
    - still running after 40 s
    Fetched IP: 192.168.0.3
    no newline
    check passed: the command returns 0
    check failed: 12 downloads were fetched and verified
    expected 12
    found 11 of them and one reset
    hint: (the providers' whitelist) The host is not among outbound_urls.
    golem-outbound check
    ");
    assert!(page.is_ascii() && !page.contains(['\r', '\u{1b}', '\u{8}']), "{page:?}");
}

#[test]
fn a_step_that_is_shown_again_does_not_repeat_its_prose() {
    let page = Page::default();
    let style = Style { width: 80, colour: false, overwrites: false, plain: false, ascii: false };
    let mut terminal = Terminal::new(page.clone(), style);
    let started = &events()[1];
    terminal.event(started);
    terminal.event(started);
    let text = String::from_utf8(page.0.borrow().clone()).expect("text");
    assert_eq!(text.matches("The script is copied").count(), 1);
    assert_eq!(text.matches("$ ray submit").count(), 2);
}

#[test]
fn a_reader_who_can_ask_sees_the_first_rung_of_a_hint() {
    let hint = Hint { nudge: "Which host?".into(), ..Hint::new(Cause::Whitelist, "Why.", "`x`") };
    let shown = |rung_by_rung: bool| {
        let page = Page::default();
        let style = Style { width: 60, colour: false, overwrites: false, plain: false, ascii: false };
        let terminal = Terminal::new(page.clone(), style);
        let mut terminal = if rung_by_rung { terminal.rung_by_rung() } else { terminal };
        terminal.event(&Event::Hinted(hint.clone()));
        String::from_utf8(page.0.borrow().clone()).unwrap()
    };
    assert_eq!(shown(false), "  hint  (the providers' whitelist) Which host?\n        Why.\n        `x`\n");
    assert_eq!(shown(true), "  hint  (the providers' whitelist) Which host?\n");
}
