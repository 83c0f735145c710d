//! What `run` and `demo` share: a project, a network and a session put together, and its reports.
//!
//! Invariant: which parts a walk is made of is decided here, and nowhere else.

mod about;
mod costs;
mod localnet;
mod networks;
mod nothing;
mod obstacles;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use self::costs::consent_to_costs;
use self::localnet::localnet_of;
use self::networks::{network, rented};
use self::obstacles::{environment_problem, note_taken_ports, plan_has_own, report_problems};
use super::doctor::mend_the_machine;
use super::trust::agree;
use super::update;
use crate::error::Result;
use crate::event::Sink;
use crate::exec::narrate;
use crate::localnet::{self as localnet_room, ContentMode};
use crate::network::{ChildProcesses, still_rented};
use crate::report::{Document, EventLog, Sinks, Style, Terminal, log_of_project, write_documents};
use crate::runner::watchdog::Watchdog;
use crate::runner::{
    DriftWatch, Guide, Journal, Lease, Project, ProjectLock, Prompt, Redacting, Session, Signals, Unasked,
    Witness, aftermath,
};
use crate::tutorial::{Planned, Selection, Tutorial, plan, plan_due};

/// How often a readiness condition is looked at.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// Where a walk runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NetworkName {
    /// python3 on this machine, no cluster.
    Local,
    /// The emulated Golem Network on this machine.
    Localnet,
    /// Golem with test tokens.
    Testnet,
    /// Golem with GLM, which costs money.
    Mainnet,
}

impl NetworkName {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Localnet => "localnet",
            Self::Testnet => "testnet",
            Self::Mainnet => "mainnet",
        }
    }

    /// The option that names it, as typed; none for the localnet, which is the default.
    pub fn option(self) -> String {
        if self == Self::Localnet { String::new() } else { format!(" --network {}", self.name()) }
    }
}

/// What a walk is asked for.
#[derive(Debug)]
pub struct Request {
    /// The project's folder.
    pub folder: PathBuf,
    /// The folder of somebody else's tutorial.
    pub tutorial: Option<PathBuf>,
    /// Whether the commands of a tutorial that is not the template's are agreed to.
    pub trust: bool,
    /// Whether the expected outputs are written anew.
    pub update: bool,
    /// Where it runs.
    pub network: NetworkName,
    /// Which steps; none means those that are due.
    pub selection: Option<Selection>,
    /// Whether nothing is asked.
    pub yes: bool,
    /// Whether everything is written for a screen reader.
    pub plain: bool,
    /// Whether money may be spent without asking.
    pub spend: bool,
    /// How long what is rented may stay rented; no limit if none.
    pub lease: Option<Duration>,
    /// Where reports go as well; the extension chooses the format.
    pub reports: Vec<PathBuf>,
    /// Where the localnet's content comes from.
    pub content: ContentMode,
    /// The localnet's providers, if not the built-in ones.
    pub providers: Option<PathBuf>,
    /// What goes wrong on the localnet, beside what its providers' file says.
    pub faults: Vec<String>,
}

/// Prints the plan and runs nothing; with `commands`, also what each step would run.
///
/// # Errors
/// The project or its tutorial cannot be used.
pub fn print_plan(request: &Request, commands: bool) -> Result<ExitCode> {
    let project = open(request)?;
    let name = request.network.name();
    let tutorial = project.tutorial(name)?;
    let inputs = localnet_of(request, &project.folder).map(|localnet| localnet.inputs);
    let journal = Journal::open(&project, name, &tutorial, inputs);
    note_ignored(&journal);
    for planned in planned(request, &tutorial, &journal)? {
        let step = &tutorial.steps()[planned.index];
        let due = if planned.is_due() { "" } else { "skip: " };
        println!("{:18} {}  ({due}{})", step.id, step.title, planned.why.words());
        if commands && planned.is_due() {
            println!("{:18} $ {}", "", step.command_line());
            for argv in &step.teardown {
                println!("{:18} on any end: {}", "", argv.join(" "));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Walks a project.
///
/// # Errors
/// The project cannot be used, something stands in the way, or the tool itself could not go on.
pub fn walk(request: &Request) -> Result<ExitCode> {
    witnessed(request, None)
}

/// Walks a project before a witness; what people read then goes to standard error.
///
/// # Errors
/// As [`walk`].
pub fn witnessed(request: &Request, witness: Option<&Witness>) -> Result<ExitCode> {
    if request.network == NetworkName::Localnet {
        localnet_room::on_this_system()?;
    }
    let reports = request.reports.iter().map(|path| Document::to(path)).collect::<Result<Vec<_>>>()?;
    let project = open(request)?;
    let tutorial = project.tutorial(request.network.name())?;
    agree(&project, &tutorial, request)?;
    let _lock = ProjectLock::take(&project.folder)?;
    tell_what_was_before(&project)?;
    let localnet = localnet_of(request, &project.folder);
    let (content, inputs) = localnet.map(|localnet| (localnet.content, localnet.inputs)).unzip();
    let mut journal = Journal::open(&project, request.network.name(), &tutorial, inputs);
    note_ignored(&journal);
    let plan = planned(request, &tutorial, &journal)?;
    if !plan.iter().any(Planned::is_due) {
        return nothing::nothing_to_do(request, &project, &tutorial, &plan, &reports);
    }
    // A machine may lose what it had when the step passed, and to look takes no time.
    if plan_has_own(&tutorial, &plan, "doctor") {
        mend_the_machine(request.network, request.yes)?;
    }
    let signals = Signals::catch(Lease::new(request.lease))?;
    let on_terminal = console::user_attended() && console::Term::stdout().is_term();
    let mut network = network(request, content.unwrap_or_default(), &project)?;
    if let Some(witness) = witness {
        network = witness.watch(network, &tutorial);
    }
    let mut problems = network.preflight();
    problems.extend(environment_problem(&project, &tutorial, &plan));
    if matches!(request.network, NetworkName::Local | NetworkName::Localnet) {
        problems.extend(still_rented(&project.cluster.cluster_name, &rented(&project), false));
    }
    report_problems(&problems)?;
    if request.network == NetworkName::Localnet {
        note_taken_ports();
    }
    consent_to_costs(request, &project, on_terminal, &signals)?;
    let asks = on_terminal && !request.yes;
    let mut guide: Box<dyn Guide> =
        if asks { Box::new(Prompt::new(signals.clone(), request.plain)) } else { Box::new(Unasked) };

    let events = log_of_project(&project.folder);
    let style = if request.plain { Style::of_stdout().plain() } else { Style::of_stdout() };
    let shown: Box<dyn Write> =
        if witness.is_some() { Box::new(std::io::stderr()) } else { Box::new(std::io::stdout()) };
    let terminal = Terminal::new(shown, style);
    let mut terminal = if asks { terminal.rung_by_rung() } else { terminal };
    let mut log = EventLog::create(events.clone())?;
    let mut sinks = Sinks(vec![&mut terminal, &mut log]);
    let mut drift = DriftWatch::new(&mut sinks, &tutorial, request.update);
    let mut commands = ChildProcesses;
    let mut watchdog =
        Watchdog::new(&project.folder, &project.cluster.cluster_name, Arc::clone(signals.lease()));
    let walked = {
        let mut redacting = Redacting(Sinks(vec![&mut drift]));
        let mut heard;
        let sink: &mut dyn Sink = match witness {
            Some(witness) => {
                heard = witness.listen(&mut redacting);
                &mut heard
            }
            None => &mut redacting,
        };
        Session {
            project: project.name.clone(),
            about: about::about(&project),
            versions: &|| about::versions(&project),
            tutorial: &tutorial,
            plan,
            network: &mut *network,
            commands: &mut commands,
            guide: &mut *guide,
            memory: &mut journal,
            check_first: request.selection != Some(Selection::All),
            signals: &signals,
            sink,
            poll_every: POLL_EVERY,
            counted: None,
        }
        .walk(&mut watchdog)
    };
    let outputs = drift.into_outputs();
    log.finish()?;
    let documents: Vec<Document> = [Document::last_run(&project.folder)].into_iter().chain(reports).collect();
    let written = write_documents(&documents, &events);
    let code = walked?.exit_code();
    written?;
    if request.update {
        update::write(&project, &tutorial, &outputs)?;
    }
    Ok(ExitCode::from(code))
}

/// The project in the folder, or what the tutorial that was named makes of it.
fn open(request: &Request) -> Result<Project> {
    Project::open(&request.folder, request.tutorial.as_deref())
}

/// The steps that were asked for, or those that are due and those that are done.
fn planned(request: &Request, tutorial: &Tutorial, journal: &Journal<'_>) -> Result<Vec<Planned>> {
    match &request.selection {
        Some(selection) => plan(tutorial.steps(), selection, request.network.name()),
        None => Ok(plan_due(&journal.standings())),
    }
}

/// One line about a state that cannot be used, which is no reason to stop.
fn note_ignored(journal: &Journal<'_>) {
    if let Some(why) = journal.ignored() {
        narrate(&format!("note: {why}\n"));
    }
}

/// What became of the walk before, if it could not take down its cluster itself.
fn tell_what_was_before(project: &Project) -> Result<()> {
    let mut note = |text: &str| super::print_labelled("note", text);
    for record in aftermath::settle(&project.folder, &mut note)? {
        let label = if record.torn_down { "note" } else { "warning" };
        super::print_labelled(label, &record.words().join("\n"));
    }
    Ok(())
}
