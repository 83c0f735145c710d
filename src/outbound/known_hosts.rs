//! Hosts that people download from, and what can be done where providers do not let nodes go there.
//!
//! May import nothing of the house. Invariant: everything known about a host is one row of `HOSTS`; what a row says
//! holds for the default whitelist, and nothing is decided by it.

#[cfg(test)]
mod tests;

use url::Url;

/// What is known about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Sentences: what is the matter with it, then what can be done.
    pub sentences: Vec<&'static str>,
    /// A URL that gives the same and works.
    pub instead: Option<Url>,
    /// Whether it holds also where a provider lets nodes go to the host.
    pub always: bool,
}

/// One row.
struct Host {
    /// Names; one that begins with a dot stands for all below it.
    names: &'static [&'static str],
    /// Which URLs of the host it is about.
    about: fn(&Url) -> bool,
    /// What is the matter.
    matter: &'static str,
    /// What can be done.
    remedies: &'static [&'static str],
    /// The URL that gives the same.
    instead: fn(&Url) -> Option<String>,
    /// Whether something is the matter even on a node that may go there: a redirect, mostly.
    always: bool,
}

const MIRROR: &str = "Put the file where nodes may go: on IPFS (`https://ipfs.io/ipfs/…`) or Dropbox \
                      (`https://dl.dropboxusercontent.com/…`).";
const SEND: &str = "Or send it from your own computer with `file_mounts`, which needs no outbound access.";
const CODELOAD: &str = "The archive of a whole repository comes from \
                        `https://codeload.github.com/OWNER/REPO/zip/REF`, a host of the default whitelist.";
const INDEX: &str = "Nodes use the proxy index `https://pypi.dev.golem.network/simple` by themselves: declare \
                     `https://pypi.dev.golem.network`.";

/// Not whitelisted, and with no other address for the same.
const fn mirrored(names: &'static [&'static str], matter: &'static str) -> Host {
    Host { names, about: |_| true, matter, remedies: &[MIRROR, SEND], instead: |_| None, always: false }
}

/// The table. The first row that is about a URL counts.
const HOSTS: &[Host] = &[
    Host {
        names: &["github.com"],
        about: |url| has_segment(url, 2, "archive"),
        matter: "GitHub answers archives with a redirect to `codeload.github.com`, which is another host: a node \
                 follows it only if both are declared.",
        remedies: &["The archive's own address needs no redirect."],
        instead: archive,
        always: true,
    },
    Host {
        names: &["github.com"],
        about: |url| has_segment(url, 2, "raw") || has_segment(url, 2, "blob"),
        matter: "This is a page, or a redirect to `raw.githubusercontent.com`, which is not on the default whitelist.",
        remedies: &[CODELOAD, MIRROR],
        instead: |_| None,
        always: true,
    },
    Host {
        names: &["github.com"],
        about: |url| has_segment(url, 2, "releases"),
        matter: "GitHub answers release files with a redirect to a host below `githubusercontent.com`, and none of \
                 those is on the default whitelist.",
        remedies: &[MIRROR, SEND],
        instead: |_| None,
        always: true,
    },
    Host {
        names: &["raw.githubusercontent.com", "gist.githubusercontent.com"],
        about: |_| true,
        matter: "GitHub's raw files come from a host that is not on the default whitelist, although `github.com` is.",
        remedies: &[CODELOAD, MIRROR, SEND],
        instead: |_| None,
        always: false,
    },
    mirrored(
        &[".githubusercontent.com"],
        "GitHub's release and LFS files come from hosts that are not on the default whitelist, at addresses that expire.",
    ),
    Host {
        always: true,
        ..mirrored(
            &["huggingface.co", ".huggingface.co", "hf.co", ".hf.co"],
            "Hugging Face redirects files to storage hosts that change, and its addresses change while a node keeps \
             those of its start: even where it is allowed it works only sometimes.",
        )
    },
    Host {
        names: &["pypi.org", "www.pypi.org", "test.pypi.org", "pypi.python.org", "files.pythonhosted.org"],
        about: |_| true,
        matter: "The public package index is not on the default whitelist.",
        remedies: &[INDEX],
        instead: proxy_index,
        always: false,
    },
    mirrored(
        &[".amazonaws.com", ".cloudfront.net"],
        "Every bucket or distribution of Amazon has a host name of its own, and none is on the default whitelist.",
    ),
    mirrored(
        &["storage.googleapis.com", ".storage.googleapis.com", "storage.cloud.google.com"],
        "Google Cloud Storage is not on the default whitelist: its one host serves everybody's buckets.",
    ),
    mirrored(
        &["drive.google.com", "docs.google.com", "drive.usercontent.google.com", ".googleusercontent.com"],
        "Google Drive redirects downloads from host to host and puts a page in front of large files; none of the hosts \
         is on the default whitelist.",
    ),
    mirrored(
        &["onedrive.live.com", "1drv.ms", ".sharepoint.com", ".blob.core.windows.net"],
        "Microsoft's storage hosts are not on the default whitelist, and share links redirect.",
    ),
    mirrored(
        &["zenodo.org", "figshare.com", ".figshare.com", "www.kaggle.com", "archive.org", ".archive.org"],
        "This archive of data sets is not on the default whitelist.",
    ),
    mirrored(
        &["gitlab.com", "bitbucket.org", "codeberg.org"],
        "Of the places for source code only GitHub is on the default whitelist.",
    ),
    Host {
        names: &["unpkg.com", "cdn.jsdelivr.net", "registry.yarnpkg.com"],
        about: |_| true,
        matter: "Of the sources of npm packages only `registry.npmjs.org` is on the default whitelist.",
        remedies: &["Packages are at `https://registry.npmjs.org/NAME/-/NAME-VERSION.tgz`."],
        instead: |_| None,
        always: false,
    },
    mirrored(
        &["conda.anaconda.org", "repo.anaconda.com", "download.pytorch.org"],
        "This source of packages is not on the default whitelist; many of its packages are wheels of the Python index, \
         which nodes get from `https://pypi.dev.golem.network`.",
    ),
    mirrored(
        &["deb.debian.org", "security.debian.org", ".ubuntu.com"],
        "The package servers of Debian and Ubuntu are not on the default whitelist, so `apt install` fails on a node.",
    ),
    Host {
        names: &["crates.io"],
        about: |url| has_segment(url, 0, "api"),
        matter: "crates.io answers downloads with a redirect to `static.crates.io`, which is not on the default \
                 whitelist.",
        remedies: &[MIRROR, SEND],
        instead: |_| None,
        always: true,
    },
    Host {
        names: &["docker.io", "hub.docker.com", "registry.hub.docker.com"],
        about: |_| true,
        matter: "Pulling an image needs `auth.docker.io` and `registry-1.docker.io` as well, which are not on the \
                 default whitelist.",
        remedies: &[],
        instead: |_| None,
        always: true,
    },
    Host {
        names: &["ipfs.io"],
        about: |url| url.path() == "/",
        matter: "The page at the root redirects to another host; files are below `/ipfs/`. As an entry of \
                 `outbound_urls` this is just right.",
        remedies: &[],
        instead: |_| None,
        always: true,
    },
];

/// What is known about a URL's host.
pub fn advice(url: &Url) -> Option<Advice> {
    let host = url.host_str()?.trim_end_matches('.');
    let named = |name: &&str| *name == host || name.starts_with('.') && host.ends_with(*name);
    let row = HOSTS.iter().find(|row| row.names.iter().any(named) && (row.about)(url))?;
    let sentences = std::iter::once(row.matter).chain(row.remedies.iter().copied()).collect();
    let instead = (row.instead)(url).and_then(|text| Url::parse(&text).ok());
    Some(Advice { sentences, instead, always: row.always })
}

/// What can be done about a host that nobody knows anything about.
pub fn general_remedies() -> [&'static str; 2] {
    [MIRROR, SEND]
}

/// A message to the providers' channel that asks for hosts, ready to be pasted.
pub fn request_to_providers(urls: &[&Url]) -> String {
    let mut hosts: Vec<&str> = Vec::new();
    for host in urls.iter().filter_map(|url| url.host_str()) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let (names, is) = (hosts.join(", "), if hosts.len() == 1 { "is" } else { "are" });
    let commands: Vec<String> =
        hosts.iter().map(|host| format!("ya-provider whitelist add -p {host} -t strict")).collect();
    format!(
        "Hello! My Ray on Golem program downloads from {names}, which {is} not on the default whitelist. It is for: \
         (say what for, and who runs the host). If you want to allow it on your provider:\n{}\nThank you!",
        commands.join("\n")
    )
}

fn has_segment(url: &Url, place: usize, name: &str) -> bool {
    url.path_segments().and_then(|mut segments| segments.nth(place)) == Some(name)
}

/// `/OWNER/REPO/archive/REF.zip` or `.tar.gz` at the host that serves it.
fn archive(url: &Url) -> Option<String> {
    let mut parts = url.path().trim_start_matches('/').splitn(4, '/');
    let (owner, repository, file) = (parts.next()?, parts.next()?, parts.nth(1)?);
    let (reference, form) = file
        .strip_suffix(".zip")
        .map(|reference| (reference, "zip"))
        .or_else(|| file.strip_suffix(".tar.gz").map(|reference| (reference, "tar.gz")))?;
    Some(format!("https://codeload.github.com/{owner}/{repository}/{form}/{reference}"))
}

/// The same page of the proxy's index, or its start.
fn proxy_index(url: &Url) -> Option<String> {
    let page = if has_segment(url, 0, "simple") { url.path() } else { "/simple" };
    Some(format!("https://pypi.dev.golem.network{page}"))
}
