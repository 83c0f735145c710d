//! `golem-outbound check`: findings about the project's cluster file and Python files, before a provider is paid.

mod files;
pub(super) mod fixing;
pub(super) mod json;
mod manifest;
mod pages;
mod sarif;
mod surroundings;
pub(super) mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use self::files::{SourceFile, Sources};
use super::explain::{UrlVerdict, judge};
use crate::cluster::{ClusterConfig, import_findings, script_findings, whitelist_findings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::Result;
use crate::outbound::rules::Rules;
use crate::outbound::whitelist::Whitelist;

/// What ray-on-golem would send for a cluster file, as JSON; none if no node type has `outbound_urls`.
pub(super) fn sent_manifest(config: &ClusterConfig) -> Option<serde_json::Value> {
    manifest::sent(config)
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster file, or the folder that holds `golem-cluster.yaml`.
    #[arg(default_value = "golem-cluster.yaml")]
    path: PathBuf,
    /// How to print the findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Make the changes that are safe, then check again.
    #[arg(long, conflicts_with = "show")]
    fix: bool,
    /// Change nothing; print what `--fix` would change as a diff.
    #[arg(long, visible_alias = "diff", requires = "fix", conflicts_with = "format")]
    dry_run: bool,
    /// Print what ray-on-golem would send instead of the findings.
    #[arg(long, value_enum)]
    show: Option<Show>,
    /// The image's address for the manifest that is shown; ray-on-golem asks the registry for it.
    #[arg(long, value_name = "URL", requires = "show")]
    image_url: Option<url::Url>,
    /// The image's hash for the manifest that is shown, if the cluster file has only its tag.
    #[arg(long, value_name = "HASH", requires = "show")]
    image_hash: Option<String>,
    /// Print the page about a finding's code and check nothing.
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
}

/// How the findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code hosts and editors: SARIF 2.1.0.
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Show {
    /// The Computation Payload Manifest as JSON; by node type where they differ.
    Manifest,
    /// The same as it travels in the demand.
    ManifestBase64,
}

/// The findings about one file.
struct Checked<'s> {
    source: &'s SourceFile,
    findings: Vec<Diagnostic>,
}

/// All that is known about the files.
struct Report<'s> {
    config: Option<ClusterConfig>,
    files: Vec<Checked<'s>>,
    /// What a provider with that whitelist says to each origin in `outbound_urls`.
    verdicts: Vec<UrlVerdict>,
    /// `the default whitelist of …`, or the one that was kept.
    whitelist: String,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    if let Some(code) = &args.explain {
        print!("{}", pages::page(code)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut sources = Sources::read(&args.path)?;
    let mut fixed = Vec::new();
    if args.fix {
        let before = sources.clone();
        fixed = fixing::fix(&mut sources)?;
        if args.dry_run {
            print!("{}", fixing::diff(&before, &sources));
        } else {
            fixing::write(&before, &sources)?;
        }
        fixing::narrate(&fixed, args.dry_run);
    }
    let report = Report::of(&sources);
    match (args.show, args.format) {
        (Some(show), _) => {
            eprint!("{}", text::findings(&report));
            let image = manifest::Image { url: args.image_url, hash: args.image_hash };
            print!("{}", manifest::shown(report.config.as_ref(), &image, show == Show::ManifestBase64));
        }
        (None, _) if args.dry_run => eprint!("{}", text::summary(&report)),
        (None, Format::Text) => print!("{}", text::report(&report)),
        (None, Format::Json) => println!("{}", json::report(&report, &fixed)?),
        (None, Format::Sarif) => println!("{}", sarif::report(&report)?),
    }
    Ok(if report.count(Severity::Error) > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

impl<'s> Report<'s> {
    fn of(sources: &'s Sources) -> Self {
        let (whitelist, origin) = super::whitelist::in_force_as_words();
        let (config, mut findings) = ClusterConfig::parse(&sources.cluster.text);
        findings.extend(whitelist_findings(&sources.cluster.text, &whitelist));
        findings.extend(self::surroundings::findings(&sources.cluster));
        let mut files = vec![Checked { source: &sources.cluster, findings }];
        if let Some(config) = &config {
            for source in &sources.scripts {
                let mut findings = script_findings(config, &whitelist, &source.text);
                let (cluster, local) = (&sources.cluster.text, &source.beside);
                findings.extend(import_findings(cluster, config, local, &source.text));
                files.push(Checked { source, findings });
            }
        }
        for file in &mut files {
            file.findings.sort_by_key(|found| found.span.map_or((usize::MAX, 0), |at| (at.line, at.column)));
        }
        let verdicts = verdicts(config.as_ref(), &whitelist);
        Self { config, files, verdicts, whitelist: origin }
    }

    fn findings(&self) -> impl Iterator<Item = (&SourceFile, &Diagnostic)> {
        self.files.iter().flat_map(|file| file.findings.iter().map(|finding| (file.source, finding)))
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|(_, finding)| finding.severity == severity).count()
    }

    fn fixable(&self) -> usize {
        self.findings().filter(|(_, finding)| finding.fix.is_some()).count()
    }
}

fn verdicts(config: Option<&ClusterConfig>, whitelist: &Whitelist) -> Vec<UrlVerdict> {
    let mut urls: Vec<String> = Vec::new();
    for url in
        config.into_iter().flat_map(|config| &config.node_types).flat_map(|node| &node.demand.outbound_urls)
    {
        let origin =
            format!("{}://{}", url.scheme(), &url[url::Position::BeforeHost..url::Position::AfterPort]);
        if !urls.contains(&origin) {
            urls.push(origin);
        }
    }
    urls.iter().map(|url| judge(&Rules::default(), whitelist, url)).collect()
}
