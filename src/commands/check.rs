//! `golem-outbound check`: findings about the project's cluster file and script, before a provider is paid.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

use super::explain::{Format, UrlVerdict, judge, to_json};
use super::paragraph::{fill, fill_finding, width};
use crate::cluster::{ClusterConfig, script_findings, whitelist_findings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, Result};
use crate::outbound::manifest::Manifest;
use crate::outbound::rules::Rules;
use crate::outbound::whitelist::{SNAPSHOT_DATE, Whitelist};

/// The script beside the cluster file whose URLs are looked at.
const SCRIPT: &str = "simple-outbound.py";

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster file, or the folder that holds `golem-cluster.yaml`.
    #[arg(default_value = "golem-cluster.yaml")]
    path: PathBuf,
    /// How to print the findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print what ray-on-golem would send instead of the findings.
    #[arg(long, value_enum)]
    show: Option<Show>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Show {
    /// The Computation Payload Manifest of the head node.
    Manifest,
}

/// The findings about one file.
struct Checked {
    file: String,
    source: String,
    findings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    file: &'a str,
    #[serde(flatten)]
    finding: &'a Diagnostic,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    errors: usize,
    warnings: usize,
    findings: Vec<JsonFinding<'a>>,
    outbound_urls: &'a [UrlVerdict],
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let path = if args.path.is_dir() { args.path.join("golem-cluster.yaml") } else { args.path };
    let text = read(&path)?;
    let (config, mut findings) = ClusterConfig::parse(&text);
    findings.extend(whitelist_findings(&text, &Whitelist::snapshot()));
    findings.sort_by_key(|finding| finding.span.map_or((usize::MAX, 0), |span| (span.line, span.column)));
    let mut checked = vec![Checked { file: path.display().to_string(), source: text, findings }];
    let script = path.with_file_name(SCRIPT);
    if let Some(config) = &config
        && script.is_file()
    {
        let source = read(&script)?;
        let findings = script_findings(config, &Whitelist::snapshot(), &source);
        checked.push(Checked { file: script.display().to_string(), source, findings });
    }
    let verdicts = verdicts(config.as_ref());
    if args.show == Some(Show::Manifest) {
        show_manifest(config.as_ref(), &checked);
    } else if args.format == Format::Json {
        println!("{}", to_json(&report(&checked, &verdicts))?);
    } else {
        print!("{}", text_report(&checked, &verdicts, width()));
    }
    Ok(if count(&checked, Severity::Error) > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("failed to read `{}`: {error}", path.display());
        Error::usage(message)
            .caused_by(error)
            .hint("give the cluster file: `golem-outbound check golem-cluster.yaml`")
    })
}

fn verdicts(config: Option<&ClusterConfig>) -> Vec<UrlVerdict> {
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
    urls.iter().map(|url| judge(&Rules::default(), &Whitelist::snapshot(), url)).collect()
}

fn count(checked: &[Checked], severity: Severity) -> usize {
    checked.iter().flat_map(|file| &file.findings).filter(|finding| finding.severity == severity).count()
}

fn report<'a>(checked: &'a [Checked], verdicts: &'a [UrlVerdict]) -> JsonReport<'a> {
    let findings = checked
        .iter()
        .flat_map(|file| file.findings.iter().map(|finding| JsonFinding { file: &file.file, finding }))
        .collect();
    let (errors, warnings) = (count(checked, Severity::Error), count(checked, Severity::Warning));
    JsonReport { errors, warnings, findings, outbound_urls: verdicts }
}

fn rendered(checked: &[Checked], width: usize) -> String {
    checked
        .iter()
        .flat_map(|file| file.findings.iter().map(|finding| finding.render(&file.file, &file.source)))
        .map(|text| fill_finding(&text, width) + "\n")
        .collect()
}

fn text_report(checked: &[Checked], verdicts: &[UrlVerdict], width: usize) -> String {
    let mut text = rendered(checked, width);
    if !verdicts.is_empty() {
        text += &fill("", "", &format!("Providers with the default whitelist ({SNAPSHOT_DATE}):"), width);
        for verdict in verdicts {
            let (word, why) = match &verdict.pattern {
                Some(pattern) => ("accept", format!("({} `{}`)", pattern.kind.word(), pattern.domain)),
                None if verdict.accepted => ("accept", "(no host to compare)".to_owned()),
                None => ("reject", "(no pattern matches)".to_owned()),
            };
            text += &fill(&format!("  {word} "), "         ", &format!("{} {why}", verdict.url), width);
        }
        text.push('\n');
    }
    let files: Vec<&str> = checked.iter().map(|file| file.file.as_str()).collect();
    let plural = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let errors = plural(count(checked, Severity::Error), "error");
    let warnings = plural(count(checked, Severity::Warning), "warning");
    text + fill("", "  ", &format!("{}: {errors}, {warnings}", files.join(", ")), width).as_str()
}

/// The manifest goes to stdout and the findings to stderr. The image's address and hash come from the registry, so
/// they are named as what they are.
fn show_manifest(config: Option<&ClusterConfig>, checked: &[Checked]) {
    eprint!("{}", rendered(checked, width()));
    let Some(config) = config else { return };
    if config.outbound_urls.is_empty() {
        eprintln!("no `outbound_urls`, so ray-on-golem sends no manifest");
        return;
    }
    let image = config.image_tag.as_deref().unwrap_or("image");
    let manifest = Manifest::of_ray_on_golem(
        &format!("<address of {image} in the registry>"),
        "<hash from the registry>",
        &config.outbound_urls,
    );
    println!("{}", serde_json::to_string_pretty(&manifest).expect("a manifest always becomes JSON"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_ends_with_verdicts_and_a_count() {
        let source = "outbound_urls: [ipfs.io]\n".to_owned();
        let finding =
            Diagnostic::error("outbound-url-without-scheme", "`ipfs.io` has no scheme").at(1, 17, 7);
        let checked = [Checked { file: "golem-cluster.yaml".into(), source, findings: vec![finding] }];
        let judge = |url| judge(&Rules::default(), &Whitelist::snapshot(), url);
        let verdicts = [judge("https://ipfs.io"), judge("https://example.org")];
        insta::assert_snapshot!(text_report(&checked, &verdicts, 80), @r"
        error[outbound-url-without-scheme]: `ipfs.io` has no scheme
          --> golem-cluster.yaml:1:17
          |
        1 | outbound_urls: [ipfs.io]
          |                 ^^^^^^^

        Providers with the default whitelist (2025-10-27):
          accept https://ipfs.io (strict `ipfs.io`)
          reject https://example.org (no pattern matches)

        golem-cluster.yaml: 1 error, no warnings
        ");
    }

    #[test]
    fn the_json_names_the_file_of_each_finding() {
        let findings = vec![Diagnostic::warning("no-outbound-urls", "no `outbound_urls`")];
        let checked = [Checked { file: "a.yaml".into(), source: String::new(), findings }];
        let json = serde_json::to_value(report(&checked, &[])).unwrap();
        assert_eq!((&json["errors"], &json["warnings"]), (&0.into(), &1.into()));
        assert_eq!(json["findings"][0]["file"], "a.yaml");
        assert_eq!(json["findings"][0]["code"], "no-outbound-urls");
    }
}
