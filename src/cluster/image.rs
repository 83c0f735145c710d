//! The image of the nodes.
//!
//! May import its siblings. Invariant: every node type has exactly one of `image_tag` and `image_hash` after merging;
//! otherwise ray-on-golem's webserver crashes with a bare HTTP 500 (`helpers/demand_config.py`).

use super::config::{ClusterConfig, node_configs};
use super::document::Document;
use crate::diagnostic::Diagnostic;

/// The tag that fits ray-on-golem 0.13.0 and Ray 2.9.3.
const CURRENT: &str = "golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3";

/// Where ray-on-golem's own images are.
const OFFICIAL: &str = "golem/ray-on-golem";

pub(super) fn check(document: &Document, config: &ClusterConfig, findings: &mut Vec<Diagnostic>) {
    for node_type in &config.node_types {
        let (code, what, help) = match (&node_type.demand.image_tag, &node_type.demand.image_hash) {
            (Some(_), Some(_)) => {
                ("image-twice", "has both `image_tag` and `image_hash`", "keep one".to_owned())
            }
            (None, None) => (
                "image-missing",
                "has neither `image_tag` nor `image_hash`",
                format!("add `image_tag: \"{CURRENT}\"` under `provider.parameters.node_config.demand`"),
            ),
            _ => continue,
        };
        let message = format!("`{}` {what}, so no node can be requested", node_type.name);
        let finding = Diagnostic::error(code, message).help(help);
        let place = node_configs(document).into_iter().rev().find_map(|config| {
            let demand = config.get("demand")?;
            demand.get("image_hash").or_else(|| demand.get("image_tag")).or(Some(demand))
        });
        findings.push(match place {
            Some(place) => place.mark_key(finding),
            None => finding,
        });
        // The common settings cause the same finding for every node type; one is enough.
        break;
    }
    for config in node_configs(document) {
        let Some(tag) = config.get("demand").and_then(|demand| demand.get("image_tag")) else { continue };
        findings.extend(tag.value.as_str().and_then(form).map(|finding| tag.mark(finding)));
    }
}

/// `<user>/<repository>:<ray-on-golem>-py<python>-ray<ray>`; other people's images only need `<user>/<repository>:…`.
fn form(tag: &str) -> Option<Diagnostic> {
    let malformed = || {
        Diagnostic::error(
            "image-tag-form",
            format!("`{tag}` is no image tag: expected `<user>/<repository>:<tag>`"),
        )
        .help(format!("write `{CURRENT}`"))
    };
    let Some((repository, version)) = tag.split_once(':') else { return Some(malformed()) };
    let parts: Vec<&str> = repository.split('/').collect();
    let unclean = |part: &str| part.is_empty() || part.contains(char::is_whitespace);
    if parts.len() != 2 || parts.iter().any(|part| unclean(part)) || unclean(version) || version.contains('/')
    {
        return Some(malformed());
    }
    if repository != OFFICIAL {
        return None;
    }
    let pieces: Vec<&str> = version.split('-').collect();
    if !matches!(pieces[..], [_, python, ray, ..] if python.starts_with("py") && ray.starts_with("ray")) {
        return Some(
            Diagnostic::error(
                "image-tag-form",
                format!("`{version}` is no version of `golem/ray-on-golem`: expected `<version>-py<python>-ray<ray>`"),
            )
            .help(format!("write `{CURRENT}`")),
        );
    }
    None
}

/// The releases that an image must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Releases {
    /// Of ray-on-golem.
    pub ray_on_golem: String,
    /// Of Ray.
    pub ray: String,
    /// Whether they are what is installed, or only what this program is made for.
    pub installed: bool,
}

impl Default for Releases {
    /// Those that this program is made for.
    fn default() -> Self {
        Self { ray_on_golem: "0.13.0".into(), ray: "2.9.3".into(), installed: false }
    }
}

/// Findings about images that other releases of ray-on-golem or Ray are in. Ray compares its version on both sides and
/// refuses to work with another one; ray-on-golem's documentation asks for an image of the installed release.
pub fn image_findings(text: &str, releases: &Releases) -> Vec<Diagnostic> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let tags =
        node_configs(&document).into_iter().filter_map(|config| config.get("demand")?.get("image_tag"));
    tags.filter_map(|tag| {
        tag.value.as_str().and_then(|text| other_version(text, releases)).map(|found| tag.mark(found))
    })
    .collect()
}

fn other_version(tag: &str, releases: &Releases) -> Option<Diagnostic> {
    let version = tag.strip_prefix(OFFICIAL)?.strip_prefix(':')?;
    let [ray_on_golem, _, ray, ..] = version.split('-').collect::<Vec<_>>()[..] else { return None };
    let ray = ray.strip_prefix("ray")?;
    let are = if releases.installed { "is installed here" } else { "is what goes with this program" };
    let mut others = Vec::new();
    for (name, of_image, here) in
        [("ray-on-golem", ray_on_golem, &releases.ray_on_golem), ("Ray", ray, &releases.ray)]
    {
        if of_image != here {
            others.push(format!("{name} {of_image}, but {here} {are}"));
        }
    }
    if others.is_empty() {
        return None;
    }
    let message = format!("`{version}` is made for {}", others.join(", and for "));
    let help = match *releases == (Releases { installed: releases.installed, ..Releases::default() }) {
        true => format!("`{CURRENT}` fits"),
        false => format!(
            "take the image for ray-on-golem {} and Ray {}, or install the other release",
            releases.ray_on_golem, releases.ray
        ),
    };
    Some(Diagnostic::warning("image-of-other-version", message).help(help))
}
