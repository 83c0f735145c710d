//! The environment of the requestor's commands.
//!
//! May import `localnet::mirror`. Invariant: a command sees no proxy, no credential agent and no state of the user's own Ray or
//! ray-on-golem.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::logs;
use crate::localnet::mirror::BUNDLE_VARIABLES;

/// Where the emulated yagna listens: the address that ray-on-golem uses by default.
pub const YAGNA_API_URL: &str = "http://127.0.0.1:7465";

/// The control protocol's socket, inside the sandbox, whose /tmp is private; short whatever the localnet's directory.
pub const CONTROL_SOCKET: &str = "/tmp/golem-outbound/control.sock";

const FORGOTTEN: [&str; 22] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "RAY_ADDRESS",
    "RAY_TMPDIR",
    "RAY_ON_GOLEM_SERVER_PORT",
    "TMPDIR",
    "PYTHONHOME",
    "SSH_AUTH_SOCK",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "YAGNA_APPKEY",
];

/// The caller's environment as a requestor's command sees it; `extra` wins over everything.
pub fn of_requestor(
    dir: &Path,
    venv: &Path,
    caller: impl Iterator<Item = (OsString, OsString)>,
    extra: &[(OsString, OsString)],
) -> BTreeMap<OsString, OsString> {
    let mut environment: BTreeMap<OsString, OsString> = caller.collect();
    environment.retain(|name, _| !FORGOTTEN.iter().any(|forgotten| name == OsStr::new(forgotten)));
    let path = search_path(venv, environment.get(OsStr::new("PATH")));
    let mut set = |name: &str, value: &OsStr| environment.insert(name.into(), value.to_owned());
    set("PATH", &path);
    set("VIRTUAL_ENV", venv.as_os_str());
    set("HOME", dir.join("home").as_os_str());
    set("YAGNA_PATH", dir.join("bin/yagna").as_os_str());
    set("YAGNA_API_URL", OsStr::new(YAGNA_API_URL));
    set("RAY_ON_GOLEM_DATADIR", logs::folder(dir).as_os_str());
    set("RAY_USAGE_STATS_ENABLED", OsStr::new("0"));
    set("PYTHONUNBUFFERED", OsStr::new("1"));
    set("GOLEM_OUTBOUND_CONTROL", OsStr::new(CONTROL_SOCKET));
    let bundle = dir.join("ca/ca-bundle.pem");
    if bundle.is_file() {
        for variable in BUNDLE_VARIABLES {
            set(variable, bundle.as_os_str());
        }
    }
    environment.extend(extra.iter().cloned());
    environment
}

fn search_path(venv: &Path, path: Option<&OsString>) -> OsString {
    let default = OsString::from("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let first = venv.join("bin");
    let rest = std::env::split_paths(path.unwrap_or(&default)).filter(|dir| *dir != first);
    std::env::join_paths(std::iter::once(first.clone()).chain(rest)).unwrap_or(default)
}

/// The program that a command's name means, as the C library's search would find it.
pub fn find_program(name: &OsStr, environment: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let path = environment.get(OsStr::new("PATH"));
    which::which_in(name, path, std::env::current_dir().unwrap_or_default()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_go_and_the_environment_comes_first() {
        let caller = [("PATH", "/bin:/v/bin"), ("https_proxy", "http://x"), ("TERM", "xterm")];
        let caller = caller.into_iter().map(|(name, value)| (name.into(), value.into()));
        let extra = [("TERM".into(), "dumb".into())];
        let environment = of_requestor(Path::new("/d"), Path::new("/v"), caller, &extra);
        let get = |name: &str| environment.get(OsStr::new(name)).map(|value| value.to_str().unwrap());
        assert_eq!(get("PATH"), Some("/v/bin:/bin"));
        assert_eq!(get("https_proxy"), None);
        assert_eq!(get("TERM"), Some("dumb"));
        assert_eq!(get("YAGNA_PATH"), Some("/d/bin/yagna"));
        assert_eq!(get("HOME"), Some("/d/home"));
        assert_eq!(get("SSL_CERT_FILE"), None);
    }
}
