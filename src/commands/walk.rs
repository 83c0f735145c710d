//! What `run` and `demo` share: a project, a network and a session put together, and its reports.
//!
//! Invariant: which parts a walk is made of is decided here, and nowhere else.

mod about;
mod nothing;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::doctor::mend_the_machine;
use super::trust::agree;
use super::update;
use crate::cluster::Ceiling;
use crate::error::{Error, Result};
use crate::event::Sink;
use crate::exec::marker::{self, State};
use crate::exec::{self, narrate};
use crate::localnet::ContentMode;
use crate::localnet::sandbox::lifecycle::own_program;
use crate::network::{
    ChildProcesses, EmulatedNetwork, GolemNetwork, Kind, Local, Network, PROGRAM, PortHolder, Problem,
    ProjectLocalnet, Workplace, rented_nodes, still_rented,
};
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
}

/// Prints the plan and runs nothing; with `commands`, also what each step would run.
///
/// # Errors
/// The project or its tutorial cannot be used.
pub fn print_plan(request: &Request, commands: bool) -> Result<ExitCode> {
    let project = open(request)?;
    let name = request.network.name();
    let tutorial = project.tutorial(name)?;
    let journal = Journal::open(project.folder.clone(), name, &tutorial);
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
    let reports = request.reports.iter().map(|path| Document::to(path)).collect::<Result<Vec<_>>>()?;
    let project = open(request)?;
    let tutorial = project.tutorial(request.network.name())?;
    agree(&project, &tutorial, request)?;
    let _lock = ProjectLock::take(&project.folder)?;
    tell_what_was_before(&project)?;
    let mut journal = Journal::open(project.folder.clone(), request.network.name(), &tutorial);
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
    let mut network = network(request, &project)?;
    if let Some(witness) = witness {
        network = witness.watch(network);
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
    match &request.tutorial {
        Some(tutorial) => Project::with_tutorial(&request.folder, tutorial),
        None => Project::load(&request.folder),
    }
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

/// Whether a step that is due runs this subcommand of ours.
fn runs_own(tutorial: &Tutorial, plan: &[Planned], subcommand: &str) -> bool {
    let due: Vec<Planned> = plan.iter().filter(|planned| planned.is_due()).cloned().collect();
    plan_has_own(tutorial, &due, subcommand)
}

/// Whether a step of the plan, due or done, runs this subcommand of ours.
fn plan_has_own(tutorial: &Tutorial, plan: &[Planned], subcommand: &str) -> bool {
    let mut commands = plan.iter().flat_map(|planned| &tutorial.steps()[planned.index].run);
    commands.any(|argv| argv.starts_with(&[PROGRAM.into(), subcommand.into()]))
}

/// An environment that the chosen steps would find missing or broken, when none of them makes it.
fn environment_problem(project: &Project, tutorial: &Tutorial, plan: &[Planned]) -> Option<Problem> {
    let commands: Vec<&Vec<String>> = plan
        .iter()
        .filter(|planned| planned.is_due())
        .flat_map(|planned| &tutorial.steps()[planned.index].run)
        .collect();
    let is_made = runs_own(tutorial, plan, "environment");
    let is_needed = commands.iter().any(|argv| argv.first().is_some_and(|program| program != PROGRAM));
    // Without a list of packages nobody asked for an environment.
    let has_lock = project.folder.join("requirements.lock").is_file();
    if is_made || !is_needed || (project.steps.is_guest && !has_lock) {
        return None;
    }
    let lock =
        marker::fingerprint(&std::fs::read(project.folder.join("requirements.lock")).unwrap_or_default());
    let why = match marker::examine(&project.folder, &lock, None) {
        State::Current(_) => return None,
        State::Foreign if project.folder.join("venv/bin/ray").is_file() => return None,
        State::Foreign => "`venv` has no `bin/ray`".to_owned(),
        State::Wanted(why) => why.unwrap_or_else(|| "the project has no Python environment yet".into()),
    };
    Some(Problem { what: why, command: "`golem-outbound environment`".into(), blocks: true })
}

/// On the localnet a taken port of the machine is no obstacle, but it may be worth knowing.
fn note_taken_ports() {
    for listener in [4578, 7465].into_iter().filter_map(exec::port::listener) {
        eprintln!(
            "note: port {} of this machine is taken by {listener}; the localnet has ports of its own, so this does no harm",
            listener.port
        );
    }
}

/// Names everything that stands in the way; an error if something of it blocks.
fn report_problems(problems: &[Problem]) -> Result<()> {
    for problem in problems.iter().filter(|problem| !problem.blocks) {
        eprintln!("warning: {}\n  {}", problem.what, problem.command);
    }
    let blocking: Vec<&Problem> = problems.iter().filter(|problem| problem.blocks).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = blocking.iter().map(|problem| problem.what.as_str()).collect();
    let error = Error::machine(format!("the walk cannot begin: {}", what.join("; ")));
    let mut commands: Vec<&String> = blocking.iter().map(|problem| &problem.command).collect();
    // One command may end what holds several ports.
    commands.dedup();
    Err(commands.into_iter().fold(error, |error, command| error.hint(command)))
}

/// `--yes` answers questions about steps; money is another matter. On a real network the most that the walk can cost is
/// said, and on the mainnet somebody has to agree to it.
fn consent_to_costs(
    request: &Request,
    project: &Project,
    on_terminal: bool,
    signals: &Signals,
) -> Result<()> {
    let money = match request.network {
        NetworkName::Local | NetworkName::Localnet => return Ok(()),
        NetworkName::Testnet => "test tokens, which are worth nothing",
        NetworkName::Mainnet => "GLM; the chain's own fees come on top",
    };
    let lines = Ceiling::of(&project.cluster, request.lease).words();
    exec::narrate(&format!("What this walk can cost, in {money}:\n  {}\n", lines.join("\n  ")));
    if request.network == NetworkName::Testnet || request.spend {
        return Ok(());
    }
    let refused = || {
        Error::usage("a walk on the mainnet spends GLM, and nobody has agreed to that")
            .hint("`golem-outbound run --network mainnet --spend`, after a look at total_budget in golem-cluster.yaml")
            .hint("or practise for nothing: `golem-outbound run --network localnet`")
    };
    if !on_terminal {
        return Err(refused());
    }
    let question = "This walk rents real machines and spends GLM. Type `spend` to agree: ";
    match Prompt::new(signals.clone(), request.plain).line(question).as_deref() {
        Some("spend") => Ok(()),
        _ => Err(refused()),
    }
}

fn network(request: &Request, project: &Project) -> Result<Box<dyn Network>> {
    let program = own_program()?;
    let workplace = Workplace {
        project: project.folder.clone(),
        venv: project.folder.join("venv"),
        program,
        columns: Style::of_stdout().width,
    };
    let urls = project.urls.clone();
    let golem = |kind, workplace| -> Result<GolemNetwork> {
        if !project.has_cluster {
            return Err(Error::usage(format!(
                "failed to use a Golem network: `{}` has no golem-cluster.yaml",
                project.folder.display()
            ))
            .hint("walk the tutorial from within a project: `golem-outbound new my-project`, then `cd my-project`"));
        }
        Ok(GolemNetwork {
            kind,
            workplace,
            cluster_name: project.cluster.cluster_name.clone(),
            payment_network: project.cluster.payment_network.clone(),
            urls: urls.clone(),
            port_holder: port_holder(),
            rented: rented(project),
        })
    };
    Ok(match request.network {
        NetworkName::Local => Box::new(Local { workplace, urls: urls.clone(), port_holder: port_holder() }),
        NetworkName::Localnet => {
            let providers = request.providers.as_deref().map(std::path::absolute).transpose();
            let providers = providers.map_err(|error| Error::io("find", "the providers' file", error))?;
            let localnet = ProjectLocalnet::new(workplace.clone(), request.content, providers);
            Box::new(EmulatedNetwork::new(workplace, urls, localnet))
        }
        NetworkName::Testnet => Box::new(golem(Kind::Testnet, workplace)?),
        NetworkName::Mainnet => Box::new(golem(Kind::Mainnet, workplace)?),
    })
}

/// Nodes of the project's cluster that are rented now on a real network, as its webserver on this machine tells.
fn rented(project: &Project) -> Vec<String> {
    rented_nodes(project.cluster.webserver_port, &project.cluster.cluster_name)
}

/// Who holds a port of this machine.
fn port_holder() -> PortHolder {
    Box::new(|port| exec::port::listener(port).map(|listener| listener.to_string()))
}
