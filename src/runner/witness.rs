//! Notes what can be observed before and after each step of a walk, and at its end, for whoever proves a tutorial.
//!
//! May import `event`, `evidence`, `network` and `tutorial`. Invariant: the walk is the ordinary one; a witness only looks,
//! except that on the localnet it lets a command's processes live, to see whether there are any. The localnet's end is theirs.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::event::{Event, Sink};
use crate::evidence::{Evidence, Funnel};
use crate::network::{Invocation, Lifeline, Network, PROGRAM, Problem};
use crate::tutorial::Tutorial;
use crate::tutorial::proof::{Proved, is_torn_down, nothing};

/// How long something may take to end: Ray's idle workers do not end with their script, but once they notice.
const SETTLING: Duration = Duration::from_secs(5);
const POLL_EVERY: Duration = Duration::from_millis(200);

#[derive(Default)]
struct Seen {
    before: Option<Evidence>,
    /// When every teardown had run.
    end: Option<Evidence>,
    /// Steps that a teardown undoes: what they start is to stay for a while.
    torn_down: BTreeSet<String>,
    proved: Vec<Proved>,
}

/// What was seen; its clones share it.
#[derive(Clone, Default)]
pub struct Witness(Rc<RefCell<Seen>>);

impl Witness {
    /// The network with a look at it before each step's first command.
    pub fn watch(&self, inner: Box<dyn Network>, tutorial: &Tutorial) -> Box<dyn Network> {
        let torn_down = tutorial.steps().iter().filter(|step| is_torn_down(tutorial, step));
        self.0.borrow_mut().torn_down = torn_down.map(|step| step.id.clone()).collect();
        Box::new(Watched { inner, seen: self.clone() })
    }

    /// Hears the walk on its way to another sink.
    pub fn listen<'a>(&self, inner: &'a mut dyn Sink) -> impl Sink + use<'a> {
        Listening { inner, seen: self.clone() }
    }

    /// What was seen of each step that was run.
    pub fn proved(&self) -> Vec<Proved> {
        let seen = self.0.borrow();
        let ended = |proved: &Proved| Proved { end: seen.end.clone(), ..proved.clone() };
        seen.proved.iter().map(ended).collect()
    }
}

struct Listening<'a> {
    inner: &'a mut dyn Sink,
    seen: Witness,
}

impl Sink for Listening<'_> {
    fn event(&mut self, event: &Event) {
        let mut seen = self.seen.0.borrow_mut();
        match event {
            Event::StepStarted { .. } => seen.before = None,
            Event::StepFinished { id, outcome, evidence: Some(evidence), .. } => {
                // A step that ran had a first command.
                let before = seen.before.take().unwrap_or_else(nothing);
                let after = (**evidence).clone();
                seen.proved.push(Proved {
                    id: id.clone(),
                    before,
                    after,
                    next: None,
                    end: None,
                    outcome: *outcome,
                });
            }
            _ => {}
        }
        drop(seen);
        self.inner.event(event);
    }
}

struct Watched {
    inner: Box<dyn Network>,
    seen: Witness,
}

impl Watched {
    /// Looks when what has to end has ended, or has had its time.
    fn look_when(&self, is_settled: impl Fn(&Seen, &Evidence) -> bool) -> Evidence {
        let begun = Instant::now();
        let mut now = self.look();
        while !is_settled(&self.seen.0.borrow(), &now) && begun.elapsed() < SETTLING {
            std::thread::sleep(POLL_EVERY);
            now = self.look();
        }
        if let Some(last) = self.seen.0.borrow_mut().proved.last_mut() {
            last.next.get_or_insert_with(|| now.clone());
        }
        now
    }

    fn look(&self) -> Evidence {
        Evidence {
            nodes: self.inner.nodes(),
            busy_ports: self.inner.busy_ports(),
            processes: self.inner.processes(),
            ..nothing()
        }
    }
}

impl Network for Watched {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn simulated(&self) -> bool {
        self.inner.simulated()
    }

    fn content(&self) -> Option<String> {
        self.inner.content()
    }

    fn preflight(&self) -> Vec<Problem> {
        self.inner.preflight()
    }

    fn is_ready(&self) -> bool {
        self.inner.is_ready()
    }

    fn start(&mut self) -> Result<()> {
        self.inner.start()
    }

    fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation {
        if self.seen.0.borrow().before.is_none() {
            // What the step before has started and whose teardown is still to come is to stay.
            let now = self.look_when(|seen, now| {
                let last = seen.proved.last().filter(|last| !seen.torn_down.contains(&last.id));
                last.is_none_or(|last| last.still_there(now).is_empty())
            });
            self.seen.0.borrow_mut().before = Some(now);
        }
        let in_localnet = self.inner.simulated() && argv.first().is_some_and(|program| program != PROGRAM);
        self.inner.command(argv, timeout, keep_daemons || in_localnet)
    }

    fn lifeline(&self) -> Option<Lifeline<'_>> {
        self.inner.lifeline()
    }

    fn ended(&self) -> Option<String> {
        self.inner.ended()
    }

    fn enter_step(&self, step: &str) {
        self.inner.enter_step(step);
    }

    fn nodes(&self) -> Option<Vec<String>> {
        self.inner.nodes()
    }

    fn market_idle_for(&self) -> Option<Duration> {
        self.inner.market_idle_for()
    }

    fn funnel(&self) -> Option<Funnel> {
        self.inner.funnel()
    }

    fn is_listening(&self, port: u16) -> Option<bool> {
        self.inner.is_listening(port)
    }

    fn busy_ports(&self) -> Option<Vec<(u16, String)>> {
        self.inner.busy_ports()
    }

    fn processes(&self) -> Option<Vec<String>> {
        self.inner.processes()
    }

    fn stop(&mut self) -> Result<()> {
        let end = self.look_when(|seen, now| seen.proved.iter().all(|step| step.still_there(now).is_empty()));
        self.seen.0.borrow_mut().end = Some(end);
        self.inner.stop()
    }
}
