//! `golem-outbound localnet record`: what was seen of a market, as a file for `localnet up --providers`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use time::OffsetDateTime;

use crate::cluster::{ClusterConfig, NodeType};
use crate::error::{Error, Result};
use crate::localnet::market::recording::{Asked, Counts, Recording, Seen, read_offers};
use crate::localnet::market::{MarketFile, recording};
use crate::tutorial::parse_funnel;

/// Arguments of `localnet record`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The output of `ray-on-golem network-stats`, or offers as JSON; both may be given
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// Where the providers are written; must not exist [default: stdout]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The cluster file that network-stats was given
    #[arg(long, value_name = "FILE")]
    cluster: Option<PathBuf>,
}

/// What the files hold.
#[derive(Default)]
struct Inputs {
    counts: Option<Counts>,
    /// Of which node type the counts are.
    node_type: Option<String>,
    seen: Option<Seen>,
    /// `stats.txt (network-stats)`
    from: Vec<String>,
}

/// Runs it.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut inputs = Inputs::default();
    for file in &args.files {
        inputs.take(&shown(file), &read(file)?)?;
    }
    let asked = match &args.cluster {
        Some(file) => asked(file, inputs.node_type.as_deref())?,
        None => Asked::default(),
    };
    let mut from = inputs.from.join(" and ");
    if let Some(cluster) = &args.cluster {
        from += &format!(", for the cluster file {}", cluster.display());
    }
    let recording = Recording::make(inputs.counts.as_ref(), inputs.seen, &asked)
        .map_err(|why| Error::usage(format!("failed to record a market from {from}: {why}")))?;
    let text = recording.text(&format!("Recorded {} UTC from {from}.", now()));
    // A file that we could not read ourselves would be found out only at the rehearsal.
    MarketFile::parse(&text, "the recording", &[]).map_err(|error| {
        Error::internal(format!("the recorded market cannot be read: {}", error.message()))
    })?;
    write(args.output.as_deref(), &text)?;
    let (count, file) = (recording.providers(), args.output.as_deref().map_or("FILE".into(), shell_word));
    let providers = if count == 1 { "provider" } else { "providers" };
    eprintln!("{count} {providers} recorded; try: golem-outbound localnet up --providers {file}");
    Ok(ExitCode::SUCCESS)
}

impl Inputs {
    fn take(&mut self, name: &str, text: &str) -> Result<()> {
        let twice = |what: &str| {
            Error::usage(format!("failed to record a market: {name} is the second file with {what}"))
        };
        if let Some(seen) = read_offers(text) {
            self.from.push(format!("{name} (offers)"));
            return if self.seen.replace(seen).is_some() { Err(twice("offers")) } else { Ok(()) };
        }
        let Some(funnel) = parse_funnel(text) else {
            return Err(Error::usage(format!(
                "failed to record a market from {name}: it holds neither counts of network-stats nor offers"
            ))
            .hint("counts: `ray-on-golem network-stats golem-cluster.yaml | tee stats.txt`")
            .hint("offers: JSON with the properties `golem.…`, as yagna's market API gives them"));
        };
        self.from.push(format!("{name} (network-stats)"));
        self.node_type = node_type(text);
        let counts = Counts { stages: funnel.counts, reasons: funnel.rejections };
        if self.counts.replace(counts).is_some() { Err(twice("counts")) } else { Ok(()) }
    }
}

/// ``Gathering stats data for 5 minutes for `ray.head.default`...``
fn node_type(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("Gathering stats data for ")?;
    Some(rest.lines().next()?.split('`').nth(1)?.to_owned())
}

/// What the demand of a cluster file asks for.
fn asked(file: &Path, node_type: Option<&str>) -> Result<Asked> {
    let text = std::fs::read_to_string(file).map_err(|error| Error::io("read", file, error))?;
    let unusable = |why: String| {
        Error::usage(format!("failed to read the demand from `{}`: {why}", file.display()))
            .hint(format!("`golem-outbound check {}` says what is wrong", shell_word(file)))
    };
    let (config, _) = ClusterConfig::parse(&text);
    let config = config.ok_or_else(|| unusable("it is no cluster file".into()))?;
    let wanted = node_type.unwrap_or(&config.head_node_type);
    let found = config.node_types.iter().find(|node_type| node_type.name == wanted);
    let NodeType { subnet_tag, budget, demand, .. } =
        found.ok_or_else(|| unusable(format!("it has no node type `{wanted}`")))?;
    let threads = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(recording::Asked {
        subnet: subnet_tag.clone(),
        cpu_threads: (threads(demand.min_cpu_threads), demand.max_cpu_threads.map_or(u32::MAX, threads)),
        mem_gib: demand.min_mem_gib,
        storage_gib: demand.min_storage_gib,
        usage: budget.usage.map(|usage| (usage.cpu_load, usage.duration_hours)),
        urls: Some(demand.outbound_urls.clone()),
    })
}

fn read(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") && std::io::stdin().is_terminal() {
        eprintln!("Reading what was seen of the market from here; end it with Ctrl-D.");
    }
    let result = match file.to_str() {
        Some("-") => std::io::stdin().read_to_end(&mut bytes).map(|_| ()),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    result.map_err(|error| Error::io("read", shown(file), error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(output: Option<&Path>, text: &str) -> Result<()> {
    let Some(file) = output else {
        return std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Error::io("write", "stdout", error));
    };
    let created = std::fs::File::create_new(file).and_then(|mut created| created.write_all(text.as_bytes()));
    created.map_err(|error| Error::io("create", file, error))
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "stdin".into() } else { file.display().to_string() }
}

/// As it can be typed.
fn shell_word(file: &Path) -> String {
    let text = file.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn now() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{} {:02}:{:02}", now.date(), now.hour(), now.minute())
}
