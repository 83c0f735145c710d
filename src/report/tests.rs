//! Documents of small walks: one that failed, one that could not tell, one that was interrupted, one that was killed, one in
//! which nothing was run.

use std::time::Duration;

use super::walk::Walk;
use super::{Standing, cast, html, json, junit, markdown};
use crate::event::{About, Ending, Event, Hint, PlannedStep, Recorded, Version};
use crate::evidence::{Cause, Evidence, Exit, LedgerRow, Outcome, Verdict};

/// What no report may take for its own: every format's special characters, a control character, a colour.
const NASTY: &str = "\u{1b}[31m<b>|`x`*_]]>\u{1b}[0m & \"q\" \u{1}\n```\n";

fn begun() -> Event {
    let step = |id: &str, line| PlannedStep {
        id: id.into(),
        title: format!("Do `{id}` | <now>"),
        file: format!("tutorial/{id}.md"),
        line,
    };
    Event::WalkStarted {
        project: "p<q>".into(),
        network: "localnet".into(),
        simulated: true,
        content: Some("mirror (simulated)".into()),
        steps: vec![step("up", 4), step("submit", 5)],
        about: Box::new(About {
            started: "2026-01-02T03:04:05Z".into(),
            cluster_file: "cluster_name: c\n".into(),
            manifest: Some(serde_json::json!({ "version": "0.1.0" })),
        }),
    }
}

fn started(id: &str) -> Event {
    Event::StepStarted {
        id: id.into(),
        title: "Up".into(),
        number: 1,
        count: 2,
        file: format!("tutorial/{id}.md"),
        line: 4,
        prose: "Prose.".into(),
        command: format!("ray {id}"),
    }
}

fn finished(id: &str, outcome: Outcome, reason: &str, ran: bool) -> Event {
    let evidence = Evidence {
        notes: Vec::new(),
        exit: Exit::Code(1),
        output: console::strip_ansi_codes(NASTY).into_owned(),
        elapsed: Duration::from_secs(2),
        ledger: vec![LedgerRow {
            url: "https://ipfs.io/a|b".into(),
            ok: false,
            error: Some("reset".into()),
            bytes: 0,
            verified: None,
            attempts: 3,
            node: "192.168.0.3".into(),
        }],
        findings: Vec::new(),
        verdicts: Vec::new(),
        nodes: None,
        busy_ports: None,
        processes: None,
    };
    Event::StepFinished {
        id: id.into(),
        outcome,
        reason: reason.into(),
        elapsed: Duration::from_secs(2),
        evidence: ran.then(|| Box::new(evidence)),
    }
}

fn ended(ending: Ending, exit_code: u8) -> Event {
    Event::WalkFinished { elapsed: Duration::from_secs(6), ending, exit_code }
}

/// One event a second.
fn recorded(events: Vec<Event>) -> Vec<Recorded> {
    let at = |(second, event)| Recorded { at: Duration::from_secs(second), event };
    (0..).zip(events).map(at).collect()
}

fn failed() -> Vec<Recorded> {
    recorded(vec![
        begun(),
        Event::Versions(vec![Version { of: "ray".into(), is: "2.9.3".into() }]),
        started("up"),
        Event::Output(NASTY.into()),
        Event::Checked { check: "the command returns 0".into(), verdict: Verdict::Pass },
        Event::Checked {
            check: "two | nodes".into(),
            verdict: Verdict::Fail { expected: "2".into(), found: "1 <of> them".into() },
        },
        Event::Hinted(Hint::new(Cause::You, "The budget is spent.", "`golem-outbound check`")),
        finished("up", Outcome::Failed, "", true),
        finished("submit", Outcome::NotReached, "`up` did not pass", false),
        Event::TornDown { command: "ray down".into(), ok: true, elapsed: Duration::from_secs(1) },
        ended(Ending::Complete, 1),
    ])
}

fn unsure() -> Vec<Recorded> {
    let verdict = Verdict::Inconclusive { reason: "no answer".into() };
    recorded(vec![
        begun(),
        started("up"),
        Event::Checked { check: "nodes".into(), verdict },
        finished("up", Outcome::Inconclusive, "", true),
        finished("submit", Outcome::NotReached, "`up` did not pass", false),
        ended(Ending::Complete, 4),
    ])
}

fn interrupted() -> Vec<Recorded> {
    recorded(vec![
        begun(),
        finished("up", Outcome::NotReached, "interrupted", false),
        ended(Ending::Interrupted, 130),
    ])
}

fn nothing_run() -> Vec<Recorded> {
    let skipped = |id| finished(id, Outcome::Skipped, "you skipped it", false);
    recorded(vec![begun(), skipped("up"), skipped("submit"), ended(Ending::Complete, 0)])
}

fn passed() -> Vec<Recorded> {
    let pass = Event::Checked { check: "nodes".into(), verdict: Verdict::Pass };
    recorded(vec![
        begun(),
        started("up"),
        pass,
        finished("up", Outcome::Passed, "", true),
        finished("submit", Outcome::Skipped, "you skipped it", false),
        ended(Ending::Complete, 0),
    ])
}

fn cast_of(events: &[Recorded]) -> Vec<serde_json::Value> {
    let mut bytes = Vec::new();
    cast::render(&mut events.iter().cloned(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn only_a_walk_that_ended_ran_something_and_passed_is_green_in_any_format() {
    let green = |events: &[Recorded]| {
        let walk = Walk::of(events.iter().cloned());
        let xml = junit::render(&walk);
        let document: serde_json::Value = serde_json::from_str(&json::render(&walk)).unwrap();
        [
            walk.standing() == Standing::Passed,
            document["standing"] == "passed",
            !xml.contains("<failure") && !xml.contains("<error"),
            markdown::render(&walk).starts_with("## ✅ "),
            html::render(&walk).contains("class=\"standing passed\""),
        ]
    };
    assert_eq!(green(&passed()), [true; 5]);
    for events in [failed(), unsure(), interrupted(), nothing_run()] {
        assert_eq!(green(&events), [false; 5]);
    }
    for length in 0..passed().len() {
        assert_eq!(green(&passed()[..length]), [false; 5], "killed after {length} events");
    }
}

#[test]
fn every_beginning_of_a_walk_makes_every_document() {
    for length in 0..=failed().len() {
        let events = &failed()[..length];
        let walk = Walk::of(events.iter().cloned());
        assert_eq!(walk.standing() == Standing::Unfinished, length < failed().len());
        for document in
            [json::render(&walk), junit::render(&walk), markdown::render(&walk), html::render(&walk)]
        {
            assert!(
                length == 0 || length == failed().len() || document.contains("did not end"),
                "{document}"
            );
            assert!(!document.contains('\u{1b}') && !document.contains('\u{1}'), "{document}");
        }
        assert_eq!(cast_of(events)[0]["version"], 3);
    }
}

#[test]
fn a_step_that_is_tried_or_run_again_counts_as_it_came_out_last() {
    let check = |verdict| Event::Checked { check: "nodes".into(), verdict };
    let fail = || check(Verdict::Fail { expected: "2".into(), found: "1".into() });
    let events = |again: Vec<Event>| {
        let mut events = vec![begun(), started("up"), fail()];
        events.extend(again);
        events.extend([check(Verdict::Pass), finished("up", Outcome::Passed, "", true)]);
        Walk::of(recorded(events))
    };
    for walk in [
        events(vec![Event::TriedAgain]),
        events(vec![finished("up", Outcome::Failed, "", true), started("up")]),
    ] {
        assert_eq!(walk.steps[0].checks, [("nodes".to_owned(), Verdict::Pass)]);
        assert_eq!(walk.counts(), "1 passed, 1 not reached");
    }
}

#[test]
fn markdown_of_a_failed_walk() {
    insta::assert_snapshot!(markdown::render(&Walk::of(failed())), @r###"
    ## ❌ p&lt;q&gt; on localnet (simulated): failed

    1 failed, 1 not reached; 6.0 s in all. All of it simulated: it says that your files and your workflow are sound, not that the network has such providers at such prices today.

    | step | | outcome | time | file |
    | --- | --- | --- | ---: | --- |
    | up | Up | ❌ failed | 2.0 s | tutorial/up.md:4 |
    | submit | Do \`submit\` \| &lt;now&gt; | ➖ not reached: \`up\` did not pass |  | tutorial/submit.md:5 |

    ### up: failed

    - ❌ two \| nodes
      - expected 2
      - found 1 &lt;of&gt; them

    **hint** (yours to mend): The budget is spent.

    ```text
    `golem-outbound check`
    ```


    <details><summary>the last 2 of 2 lines of `ray up`</summary>

    ````text
    <b>|`x`*_]]> & "q" 
    ```
    ````

    </details>

    - teardown ray down: ✅ done, 1.0 s

    <details><summary>Downloads: up: 0 of 1 verified</summary>

    | step | URL | result | bytes | node |
    | --- | --- | --- | ---: | --- |
    | up | https://ipfs.io/a\|b | failed: reset | 0 | 192.168.0.3 |

    </details>

    ray 2.9.3
    "###);
}

#[test]
fn junit_of_a_failed_walk() {
    insta::assert_snapshot!(junit::render(&Walk::of(failed())), @r###"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="p&lt;q&gt; on localnet (simulated)" tests="3" skipped="1" failures="1" errors="0" time="6.000">
        <testsuite name="p&lt;q&gt; on localnet (simulated)" tests="3" skipped="1" errors="0" failures="1" time="6.000" timestamp="2026-01-02T03:04:05Z">
            <properties>
                <property name="network" value="localnet"/>
                <property name="simulated" value="true"/>
                <property name="standing" value="failed"/>
                <property name="content" value="mirror (simulated)"/>
                <property name="version of ray" value="2.9.3"/>
            </properties>
            <testcase name="up" classname="p&lt;q&gt;" assertions="2" time="2.000" file="tutorial/up.md" line="4">
                <properties>
                    <property name="title" value="Up"/>
                    <property name="command" value="ray up"/>
                </properties>
                <failure message="two | nodes">two | nodes
      expected 2
      found 1 &lt;of&gt; them
    hint (yours to mend): The budget is spent.
      `golem-outbound check`</failure>
                <system-out>&lt;b&gt;|`x`*_]]&gt; &amp; &quot;q&quot; 
    ```
    </system-out>
            </testcase>
            <testcase name="submit" classname="p&lt;q&gt;" assertions="0" time="2.000" file="tutorial/submit.md" line="5">
                <properties>
                    <property name="title" value="Do `submit` | &lt;now&gt;"/>
                    <property name="command" value=""/>
                </properties>
                <skipped message="not reached: `up` did not pass"/>
            </testcase>
            <testcase name="teardown: ray down" classname="p&lt;q&gt;" time="1.000"/>
        </testsuite>
    </testsuites>
    "###);
}

#[test]
fn junit_of_a_walk_in_which_nothing_was_run() {
    insta::assert_snapshot!(junit::render(&Walk::of(nothing_run())), @r###"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="p&lt;q&gt; on localnet (simulated)" tests="3" skipped="2" failures="0" errors="1" time="6.000">
        <testsuite name="p&lt;q&gt; on localnet (simulated)" tests="3" skipped="2" errors="1" failures="0" time="6.000" timestamp="2026-01-02T03:04:05Z">
            <properties>
                <property name="network" value="localnet"/>
                <property name="simulated" value="true"/>
                <property name="standing" value="nothing was run"/>
                <property name="content" value="mirror (simulated)"/>
            </properties>
            <testcase name="up" classname="p&lt;q&gt;" assertions="0" time="2.000" file="tutorial/up.md" line="4">
                <properties>
                    <property name="title" value="Do `up` | &lt;now&gt;"/>
                    <property name="command" value=""/>
                </properties>
                <skipped message="skipped: you skipped it"/>
            </testcase>
            <testcase name="submit" classname="p&lt;q&gt;" assertions="0" time="2.000" file="tutorial/submit.md" line="5">
                <properties>
                    <property name="title" value="Do `submit` | &lt;now&gt;"/>
                    <property name="command" value=""/>
                </properties>
                <skipped message="skipped: you skipped it"/>
            </testcase>
            <testcase name="the walk" classname="p&lt;q&gt;">
                <error message="nothing was run">2 skipped; 6.0 s in all. Nothing was run, so nothing is shown to work. All of it simulated: it says that your files and your workflow are sound, not that the network has such providers at such prices today.</error>
            </testcase>
        </testsuite>
    </testsuites>
    "###);
}

#[test]
fn the_recording_holds_what_the_terminal_showed_and_the_time_it_took() {
    let lines = cast_of(&failed());
    assert_eq!(lines[0]["term"]["cols"], 100);
    assert_eq!(lines[0]["timestamp"], 1_767_323_045);
    assert_eq!(lines[0]["title"], "p<q> on localnet (simulated)");
    let seconds: f64 = lines[1..].iter().map(|event| event[0].as_f64().unwrap()).sum();
    assert!((seconds - 10.0).abs() < 1e-9, "{seconds}");
    let shown: String =
        lines.iter().filter(|event| event[1] == "o").map(|event| event[2].as_str().unwrap()).collect();
    assert!(shown.contains("\u{1b}[31m<b>|`x`*_]]>\u{1b}[0m"), "{shown}");
    assert!(
        !shown.replace("\r\n", "").contains('\n'),
        "a terminal without a carriage return shows stairs: {shown:?}"
    );
    assert_eq!(lines.iter().filter(|event| event[1] == "m").count(), 1);
    assert_eq!(lines.last().unwrap()[1], "x");
    assert_eq!(lines.last().unwrap()[2], "1");
}

#[test]
fn no_text_of_a_walk_becomes_html() {
    let page = html::render(&Walk::of(failed()));
    assert!(page.contains("<span class=\"c1\">&lt;b&gt;|`x`*_]]&gt;</span> &amp; &quot;q&quot;"), "{page}");
    assert!(page.contains("p&lt;q&gt;") && !page.contains("p<q>") && !page.contains("<now>"));
    assert_eq!(page.matches("class=\"bar ").count(), 3, "two steps, one teardown");
    assert!(page.matches("simulated").count() > 3);
}

#[test]
fn of_a_long_output_the_page_tells_how_much_is_left_out() {
    let mut events = vec![begun(), started("up")];
    events.extend((0..20_000).map(|number| Event::Output(format!("line {number:09}\n"))));
    let page = html::render(&Walk::of(recorded(events)));
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("bytes left out; all of it is in .golem-outbound/last-run.jsonl"));
    assert!(page.contains("line 000000000\n") && page.contains("line 000019999\n"));
}
