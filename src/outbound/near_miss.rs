//! Patterns that a host almost matched, and words that somebody almost wrote.
//!
//! May import nothing of the house. Invariant: these are hints for people; no decision depends on them.

use super::whitelist::{DomainPattern, MatchKind, Whitelist};

/// A pattern that did not match, and why it is worth showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss<'a> {
    /// The pattern.
    pub pattern: &'a DomainPattern,
    /// Why it did not match, without a full stop.
    pub why: String,
}

/// The patterns nearest to a host that none matched, nearest first, at most three.
pub fn nearest<'a>(whitelist: &'a Whitelist, host: &str) -> Vec<NearMiss<'a>> {
    let host = host.to_lowercase();
    let mut found: Vec<(u8, NearMiss<'a>)> = whitelist
        .patterns()
        .iter()
        .filter_map(|pattern| {
            let (rank, why) = distance(pattern, &host)?;
            Some((rank, NearMiss { pattern, why }))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(3).map(|(_, miss)| miss).collect()
}

fn distance(pattern: &DomainPattern, host: &str) -> Option<(u8, String)> {
    // A regex is compared by the literal text at its end, which is where the domain stands.
    let domain = match pattern.kind {
        MatchKind::Strict => pattern.domain.to_lowercase(),
        MatchKind::Regex => literal_end(&pattern.domain),
    };
    let strict = pattern.kind == MatchKind::Strict;
    if domain.is_empty() || domain.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    if host.strip_suffix('.') == Some(&domain) {
        return Some((0, "the dot at the end of the host is compared too".to_owned()));
    }
    if strict && host.ends_with(&format!(".{domain}")) {
        return Some((1, "a strict pattern covers no subdomains".to_owned()));
    }
    if !strict && domain == host {
        return Some((1, "the regex asks for a name in front of this domain".to_owned()));
    }
    if domain.ends_with(&format!(".{host}")) {
        return Some((2, "it covers a part of this domain only".to_owned()));
    }
    if strict && domain.len() > 4 && strsim::osa_distance(&domain, host) <= 2 {
        return Some((1, "it differs in a letter or two".to_owned()));
    }
    let tail = |name: &str| name.rsplitn(3, '.').take(2).map(str::to_owned).collect::<Vec<_>>();
    let (of_pattern, of_host) = (tail(&domain), tail(host));
    (of_host.len() == 2 && of_pattern == of_host)
        .then(|| (3, "it is another host of the same domain".to_owned()))
}

/// `dev.golem.network` of `.*\.dev\.golem\.network$`.
fn literal_end(pattern: &str) -> String {
    let text = pattern.to_lowercase().trim_end_matches('$').replace("\\.", ".");
    let outside = |c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-';
    text.rsplit(outside).next().unwrap_or_default().trim_start_matches('.').to_owned()
}

/// The whitelisted host that was probably meant: without the dot at the end, without `www.` in front, or with a letter
/// or two corrected.
pub fn meant_host(whitelist: &Whitelist, host: &str) -> Option<String> {
    let dotless = host.trim_end_matches('.').to_lowercase();
    let bare = dotless.strip_prefix("www.").unwrap_or(&dotless);
    let strict = whitelist.patterns().iter().filter(|pattern| pattern.kind == MatchKind::Strict);
    let misspelt =
        || strict.map(|pattern| &pattern.domain).find(|domain| strsim::osa_distance(domain, bare) <= 2);
    [dotless.as_str(), bare]
        .into_iter()
        .find(|candidate| whitelist.matches(candidate).is_some())
        .map(str::to_owned)
        .or_else(|| misspelt().filter(|domain| domain.len() > 6).cloned())
}

/// The candidate that somebody probably meant, if one is near enough: at most a third of the letters differ.
pub fn closest_word<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(host: &str) -> Vec<String> {
        nearest(&Whitelist::snapshot(), host)
            .into_iter()
            .map(|miss| format!("{}: {}", miss.pattern.domain, miss.why))
            .collect()
    }

    #[test]
    fn near_misses_are_explained() {
        assert_eq!(near("www.ipfs.io")[0], "ipfs.io: a strict pattern covers no subdomains");
        assert_eq!(near("ipfs.io.")[0], "ipfs.io: the dot at the end of the host is compared too");
        assert_eq!(near("gihtub.com")[0], "github.com: it differs in a letter or two");
        assert_eq!(near("satori.network"), ["api.satori.network: it covers a part of this domain only"]);
        assert!(near("dev.golem.network").iter().any(|line| line.contains(r".*\.dev\.golem\.network$")));
        assert_eq!(near("example.com"), Vec::<String>::new());
    }

    #[test]
    fn a_host_is_repaired_where_it_is_clear() {
        let meant = |host: &str| meant_host(&Whitelist::snapshot(), host);
        assert_eq!(meant("www.ipfs.io").as_deref(), Some("ipfs.io"));
        assert_eq!(meant("pypi.dev.golem.network.").as_deref(), Some("pypi.dev.golem.network"));
        assert_eq!(meant("gihtub.com").as_deref(), Some("github.com"));
        assert_eq!(meant("example.org"), None);
    }

    #[test]
    fn a_word_is_guessed_only_when_it_is_near() {
        let keys = ["outbound_urls", "image_tag"];
        assert_eq!(closest_word("outbound_url", keys), Some("outbound_urls"));
        assert_eq!(closest_word("imagetag", keys), Some("image_tag"));
        assert_eq!(closest_word("colour", keys), None);
    }

    proptest! {
        #[test]
        fn no_host_and_no_list_make_it_panic(
            lines in prop::collection::vec("[a-zü.*$\\\\#-]{0,8}", 0..4), host in "\\PC{0,12}",
        ) {
            let lines = lines.join("\n");
            for list in [Whitelist::from_lists(&lines, ""), Whitelist::from_lists("", &lines)].into_iter().flatten() {
                nearest(&list, &host);
                meant_host(&list, &host);
            }
        }

        #[test]
        fn a_repaired_host_is_on_the_list(host in "(www\\.)?[a-z]{1,4}\\.io\\.?") {
            let list = Whitelist::snapshot();
            if let Some(meant) = meant_host(&list, &host) {
                prop_assert!(list.matches(&meant).is_some());
            }
        }
    }
}
