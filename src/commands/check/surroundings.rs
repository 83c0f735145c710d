//! What a cluster file meets on this machine: the files that it names, the releases that are installed, the localnet's
//! market.
//!
//! Invariant: what is not there to be compared with is not compared; nothing is run and nothing is asked for.

use std::path::{Path, PathBuf};

use super::SourceFile;
use crate::cluster::{Market, Offer, Releases, image_findings, local_file_findings, market_findings};
use crate::diagnostic::Diagnostic;
use crate::exec::installed;
use crate::localnet::find_venv;
use crate::localnet::market::{MarketFile, Provider};

/// All findings about that.
pub(super) fn findings(cluster: &SourceFile) -> Vec<Diagnostic> {
    let folder = match cluster.path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let text = &cluster.text;
    let mut findings = image_findings(text, &releases(folder));
    findings.extend(local_file_findings(text, &|path| expanded(path, folder).exists()));
    if let Some(market) = localnet() {
        findings.extend(market_findings(text, &market));
    }
    findings
}

/// What is installed in the project's environment, or in the active one; else what the project's lock has.
fn releases(folder: &Path) -> Releases {
    let absolute = dunce::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let found = find_venv(&absolute).map(|venv| installed::packages(&venv, &["ray-on-golem", "ray"]));
    let packages = found.unwrap_or_default();
    let version =
        |name: &str| packages.iter().find(|package| package.name == name).map(|found| found.version.clone());
    match (version("ray-on-golem"), version("ray")) {
        (Some(ray_on_golem), Some(ray)) => Releases { ray_on_golem, ray, installed: true },
        _ => Releases::default(),
    }
}

/// The path that Ray opens: `~` is the home folder, and the rest is seen from where `ray up` runs, the file's folder.
fn expanded(path: &str, folder: &Path) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => folder.join(path),
    }
}

/// The market of a localnet that names no other providers.
fn localnet() -> Option<Market> {
    let offer = |provider: &Provider| Offer {
        subnet: provider.subnet.clone(),
        cpu_threads: f64::from(provider.cpu_threads),
        mem_gib: provider.mem_gib,
        storage_gib: provider.storage_gib,
        start: provider.prices.start.to_f64(),
        cpu_hour: provider.prices.cpu_hour.to_f64(),
        env_hour: provider.prices.env_hour.to_f64(),
    };
    let offers = MarketFile::read(None, &[]).ok()?.providers.iter().map(offer).collect();
    Some(Market { name: "the localnet".into(), offers })
}
