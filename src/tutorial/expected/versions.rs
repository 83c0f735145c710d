//! What an expected output was recorded with, and what may be behind a difference.
//!
//! May import nothing. Invariant: a cause is only named as likely, and only what has changed is named.

use std::fmt;

/// The versions that decide what a walk prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// ray-on-golem's.
    pub ray_on_golem: Option<String>,
    /// Ray's.
    pub ray: Option<String>,
    /// Python's.
    pub python: Option<String>,
    /// The day of the whitelist in force.
    pub whitelist: Option<String>,
}

/// Before the versions in a comment: `<!-- seen with ray 2.9.3, python 3.10.13 -->`.
const MARK: &str = "<!-- seen with ";

impl Versions {
    fn named(&self) -> [(&'static str, &Option<String>); 4] {
        [
            ("ray-on-golem", &self.ray_on_golem),
            ("ray", &self.ray),
            ("python", &self.python),
            ("whitelist", &self.whitelist),
        ]
    }

    /// Reads the comment beside a block.
    pub fn parse(comment: &str) -> Option<Self> {
        let list = comment.trim().strip_prefix(MARK)?.strip_suffix("-->")?;
        let mut versions = Self::default();
        for entry in list.trim().split(", ") {
            let (name, version) = entry.split_once(' ')?;
            let version = Some(version.trim().to_owned());
            match name {
                "ray-on-golem" => versions.ray_on_golem = version,
                "ray" => versions.ray = version,
                "python" => versions.python = version,
                "whitelist" => versions.whitelist = version,
                _ => return None,
            }
        }
        Some(versions)
    }

    /// The comment that says them; none if nothing is known.
    pub fn comment(&self) -> Option<String> {
        let words = self.to_string();
        (!words.is_empty()).then(|| format!("{MARK}{words} -->"))
    }

    /// What is likely behind a difference between an output of then (`self`) and of now.
    pub fn likely_cause(&self, now: &Self) -> String {
        let unknown = "not known".to_owned();
        let changed: Vec<String> = self
            .named()
            .into_iter()
            .zip(now.named())
            .filter(|((_, then), (_, now))| then.is_some() && then != now)
            .map(|((name, then), (_, now))| {
                let then = then.as_ref().unwrap_or(&unknown);
                format!("{name} {then} → {}", now.as_ref().unwrap_or(&unknown))
            })
            .collect();
        if !changed.is_empty() {
            return format!("likely cause: {}", changed.join(", "));
        }
        let known: Vec<&str> =
            self.named().iter().filter(|(_, then)| then.is_some()).map(|(n, _)| *n).collect();
        if known.is_empty() {
            return "the block does not say with what it was recorded, so no cause can be named".into();
        }
        format!("no version changed ({}): the step's files, its network, or chance", known.join(", "))
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.named().into_iter().filter_map(|(name, version)| Some((name, version.as_ref()?)));
        let words: Vec<String> = known.map(|(name, version)| format!("{name} {version}")).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_as_it_is_written() {
        let text = "<!-- seen with ray-on-golem 0.13.0, ray 2.9.3, python 3.10.13, whitelist 2025-10-27 -->";
        let versions = Versions::parse(text).unwrap();
        assert_eq!(versions.comment().as_deref(), Some(text));
        assert_eq!(Versions::default().comment(), None);
        assert_eq!(Versions::parse("<!-- something else -->"), None);
    }

    #[test]
    fn only_what_has_changed_is_named() {
        let of = |text: &str| Versions::parse(&format!("<!-- seen with {text} -->")).unwrap();
        let then = of("ray-on-golem 0.12.1, ray 2.9.3, whitelist 2025-10-27");
        let now = of("ray-on-golem 0.13.0, ray 2.9.3, python 3.11.2, whitelist 2025-10-27");
        assert_eq!(then.likely_cause(&now), "likely cause: ray-on-golem 0.12.1 → 0.13.0");
        assert!(
            now.likely_cause(&now).starts_with("no version changed (ray-on-golem, ray, python, whitelist)")
        );
        assert!(Versions::default().likely_cause(&now).contains("does not say"));
    }
}
