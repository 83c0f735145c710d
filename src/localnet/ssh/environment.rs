//! The environment of a session: sshd's variables, those of `/etc/environment`, and what the client may add.
//!
//! Invariant: nothing of the server's own environment reaches a session.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;

use super::server::ServerConfig;

/// What sshd gives to root before anything else is read.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whether a client may set this variable; the `AcceptEnv` of Debian's sshd.
pub fn is_accepted(name: &str, value: &str) -> bool {
    let is_locale = name == "LANG" || name.starts_with("LC_");
    is_locale && !name.contains(['=', '\0']) && !value.contains('\0')
}

/// The whole environment of a session between `client` and `server`.
pub fn compose(
    config: &ServerConfig,
    (client, server): (SocketAddr, SocketAddr),
    from_client: &[(String, String)],
) -> BTreeMap<String, OsString> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: OsString| variables.insert(name.to_owned(), value);
    set("USER", config.user.clone().into());
    set("LOGNAME", config.user.clone().into());
    set("HOME", config.home.clone().into());
    set("SHELL", config.shell.clone().into());
    set("PATH", DEFAULT_PATH.into());
    // Reading this file is the job of pam_env on a real node; a missing file is an empty one there too.
    let file = fs::read(&config.environment_file).unwrap_or_default();
    for (name, value) in parse(&String::from_utf8_lossy(&file)) {
        set(&name, value.into());
    }
    for (name, value) in from_client {
        set(name, value.into());
    }
    // By SSH_CLIENT bash knows that it serves a network connection, and reads ~/.bashrc for `bash -c`.
    set("SSH_CLIENT", format!("{} {} {}", client.ip(), client.port(), server.port()).into());
    let connection = format!("{} {} {} {}", client.ip(), client.port(), server.ip(), server.port());
    set("SSH_CONNECTION", connection.into());
    variables
}

/// The lines `NAME=value`, `export NAME=value` and `NAME="value"` as pam_env reads them: a `#` begins a comment
/// anywhere, quotes around a value are dropped, nothing is expanded.
fn parse(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<(String, String)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) || value.contains('\0') {
        return None;
    }
    let unquoted = value.strip_prefix(['"', '\'']).map(|rest| rest.strip_suffix(['"', '\'']).unwrap_or(rest));
    Some((name.to_owned(), unquoted.unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn the_lines_of_etc_environment() {
        check("NODE_IP=192.168.0.3\n", &[("NODE_IP", "192.168.0.3")]);
        check("export A=1\n B=2 \n", &[("A", "1"), ("B", "2")]);
        check("PATH=\"/a:/b\"\nX='y z'\n", &[("PATH", "/a:/b"), ("X", "y z")]);
        check("# nothing\n\nA=1 # one\n", &[("A", "1")]);
        check("JSON='{\"CPU\":1}'\n", &[("JSON", "{\"CPU\":1}")]);
        check("EMPTY=\nE=a=b\n", &[("EMPTY", ""), ("E", "a=b")]);
        check("no assignment\n=x\nA B=1\n", &[]);
    }

    #[test]
    fn a_client_sets_its_locale_and_nothing_else() {
        assert!(is_accepted("LANG", "C.UTF-8") && is_accepted("LC_ALL", ""));
        for name in ["LD_PRELOAD", "LANGUAGE", "BASH_ENV", "LC_A=B", "PATH"] {
            assert!(!is_accepted(name, "x"), "{name}");
        }
        assert!(!is_accepted("LANG", "a\0b"));
    }
}
