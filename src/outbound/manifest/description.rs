//! What a manifest asks for, in sentences.
//!
//! May import its parent. Invariant: a sentence says what a provider does with a part of the manifest, not what the
//! part's name suggests.

use super::super::whitelist::MatchKind;
use super::{Access, Manifest, Script};

impl Manifest {
    /// Sentences for people, the most important one first.
    pub fn describe(&self) -> Vec<String> {
        let mut sentences = vec![self.access()];
        sentences.extend(self.protocols());
        sentences.extend(self.images());
        sentences.push(match self.comp_manifest.as_ref().and_then(|comp| comp.script.as_ref()) {
            Some(script) => commands(script),
            None => "It names no commands, so every command may run on the node.".to_owned(),
        });
        sentences.push(format!(
            "Its dates, {} and {}, must be dates, but no provider compares them with the clock: it never expires.",
            self.created_at, self.expires_at
        ));
        sentences.extend(self.maker());
        sentences
    }

    fn access(&self) -> String {
        let urls = match self.out().map(|out| &out.access) {
            Some(Access::Unrestricted) => {
                return "It asks for unrestricted access: every address and every port. The mode `whitelist` never \
                        grants that, only the mode `all` does."
                    .to_owned();
            }
            Some(Access::Urls(urls)) if !urls.is_empty() => urls,
            _ => return "It asks for no outbound access, so every provider accepts it.".to_owned(),
        };
        let listed = urls.iter().map(|url| format!("`{url}`")).collect::<Vec<_>>().join(", ");
        match urls.len() {
            1 => format!("It asks for one URL: {listed}."),
            count => format!("It asks for {count} URLs: {listed}."),
        }
    }

    fn protocols(&self) -> Option<String> {
        let out = self.out()?;
        let listed = out.protocols.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        (!listed.is_empty()).then(|| {
            format!(
                "Its protocols ({listed}) are read by no provider: what counts is the scheme of each URL."
            )
        })
    }

    fn images(&self) -> Vec<String> {
        let of = |payload: &super::Payload| {
            let from = payload.urls.first().map_or_else(|| "nowhere".to_owned(), |url| format!("`{url}`"));
            let platform = (payload.platform.as_ref())
                .map(|platform| format!(" on {} {}", platform.os, platform.arch))
                .unwrap_or_default();
            format!("Its nodes{platform} run the image with the hash `{}`, from {from}.", payload.hash)
        };
        self.payload.iter().map(of).collect()
    }

    fn maker(&self) -> Option<String> {
        let metadata = self.metadata.as_ref()?;
        let version = metadata.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let about = metadata.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        Some(format!("It says to be made by {}{version}{about}.", metadata.name))
    }
}

/// Only `run` and `transfer` are compared (`exe-unit/src/manifest.rs:219-242`). `/bin/sh -c` is how ray-on-golem runs
/// everything.
fn commands(script: &Script) -> String {
    let listed = script.commands.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    let allowed = match (script.kind, script.commands.len()) {
        (_, 0) => "It lists no command, so the node may neither run nor transfer anything".to_owned(),
        (MatchKind::Strict, _) => format!("The node may run and transfer exactly this: {listed}"),
        (MatchKind::Regex, _) => {
            format!("The node may run and transfer what contains a match of a regex: {listed}")
        }
    };
    let shell = match script.allows_run("/bin/sh", &["-c", "…"]) {
        Ok(()) => "every command of a shell passes",
        Err(_) => "not every command of a shell passes",
    };
    format!("{allowed} ({shell}); to deploy, start, sign and terminate is always allowed.")
}
