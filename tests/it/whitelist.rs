//! `golem-outbound whitelist`: a newer list is shown, kept, gone by and forgotten.

use std::path::Path;
use std::process::{Command, Stdio};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn said(&self, arguments: &[&str]) -> String {
        let folder = self.0.path().canonicalize().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
            .args(arguments)
            .current_dir(&folder)
            .env("NO_COLOR", "1")
            .env("XDG_DATA_HOME", folder.join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        let today = time::OffsetDateTime::now_utc().date().to_string();
        let text = text.replace(&folder.display().to_string(), "[folder]").replace(&today, "[today]");
        format!("{text}exit code {}\n", output.status.code().unwrap())
    }
}

/// The embedded lists without one host, with a new one, and with one of another type.
fn newer(home: &Home) {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/outbound/snapshot");
    let read = |name: &str| std::fs::read_to_string(snapshot.join(name)).unwrap();
    std::fs::create_dir(home.0.path().join("lists")).unwrap();
    let strict =
        read("strict.lst").replace("api.satori.network\n", "files.example\n").replace("docker.io\n", "");
    home.write("lists/strict.lst", &strict);
    home.write("lists/regex.lst", &(read("regex.lst").trim_end().to_owned() + "\nhub.docker.io\n"));
}

#[test]
fn a_newer_list_is_shown_before_it_is_kept_and_then_gone_by() {
    let home = Home::new();
    newer(&home);
    let all = [
        home.said(&["whitelist", "update", "--from", "lists", "--dry-run"]),
        home.said(&["whitelist", "update", "--from", "lists"]),
        home.said(&["explain", "https://files.example/x"]),
        home.said(&["whitelist", "update", "--from", "lists", "--yes"]),
        home.said(&["explain", "https://files.example/x"]),
        home.said(&["whitelist", "update", "--from", "lists"]),
        home.said(&["whitelist", "reset"]),
        home.said(&["whitelist", "reset"]),
    ];
    insta::assert_snapshot!(all.join("---\n"), @"
    Compared with the default whitelist of 2025-10-27 (ya-installer-resources d018134):
    2 added, 2 removed, 0 of another type.
    + strict files.example
    + regex  hub.docker.io
    - strict docker.io
    - strict api.satori.network
    exit code 0
    ---
    Compared with the default whitelist of 2025-10-27 (ya-installer-resources d018134):
    2 added, 2 removed, 0 of another type.
    error: the list was not kept, because nobody could be asked

    hint: to keep it: the same command with `--yes`
    + strict files.example
    + regex  hub.docker.io
    - strict docker.io
    - strict api.satori.network
    exit code 2
    ---
    https://files.example/x
      rejected
      Negotiation: no pattern of the whitelist matches `files.example`.
      Run time: if a provider accepts it, TCP port 443 opens.
      Put the file where nodes may go: on IPFS (`https://ipfs.io/ipfs/…`) or Dropbox
      (`https://dl.dropboxusercontent.com/…`).
      Or send it from your own computer with `file_mounts`, which needs no outbound
      access.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;

    Of these reasons only the first is about your URLs: ray-on-golem signs no
    manifest, and shows a node descriptor only if the cluster file has one.

    Or ask. Providers decide about their own whitelists; this can be pasted into the
    channel #providers of https://chat.golem.network:

    Hello! My Ray on Golem program downloads from files.example, which is not on the
    default whitelist. It is for: (say what for, and who runs the host). If you want
    to allow it on your provider:
    ya-provider whitelist add -p files.example -t strict
    Thank you!
    exit code 1
    ---
    Compared with the default whitelist of 2025-10-27 (ya-installer-resources d018134):
    2 added, 2 removed, 0 of another type.
    Kept in `[folder]/data/golem-outbound/whitelist.json`. `check`, `explain` and `add` go by it from now on.
    + strict files.example
    + regex  hub.docker.io
    - strict docker.io
    - strict api.satori.network
    exit code 0
    ---
    https://files.example/x
      accepted
      Negotiation: `files.example` matches the strict pattern `files.example`.
      Run time: TCP port 443 of `files.example` opens; `http://files.example` (port
      80) is an entry of its own.

    A provider with the whitelist kept on [today] (from `[folder]/lists`)
    accepts the request.

    A node resolves these names once, when it starts, and then reaches TCP
    files.example:443 and DNS. Every other host and port is closed, also where a
    redirect leads there.
    exit code 0
    ---
    Compared with the whitelist kept on [today] (from `[folder]/lists`):
    No difference: the list in force stays as it is.
    exit code 0
    ---
    The kept list is gone. In force: the default whitelist of 2025-10-27 (ya-installer-resources d018134).
    exit code 0
    ---
    There was no kept list. In force: the default whitelist of 2025-10-27 (ya-installer-resources d018134).
    exit code 0
    ");
}

#[test]
fn what_is_no_list_is_not_kept() {
    let home = Home::new();
    home.write("strict.lst", "<!DOCTYPE html>\n");
    home.write("regex.lst", "(\n");
    home.write("domain_whitelist.json", "{\"patterns\": [{\"domain\": \"\", \"match\": \"regex\"}]}");
    home.write("list.txt", "ipfs.io\n");
    let update = |file: &str| home.said(&["whitelist", "update", "--yes", "--from", file]);
    let all = [
        update("strict.lst"),
        update("regex.lst"),
        update("domain_whitelist.json"),
        update("list.txt"),
        update("nowhere"),
    ];
    assert!(!home.0.path().join("data").exists());
    insta::assert_snapshot!(all.join("---\n"), @"
    error: failed to take the list: `<!DOCTYPE html>` cannot be a host

    hint: a list has one host a line, without scheme and path
    exit code 2
    ---
    error: failed to read `regex.lst`: invalid regex pattern in the whitelist: regex parse error:
        (
        ^
    error: unclosed group

    hint: a provider refuses the whole list, too; patterns are lower-cased before they are compiled
    exit code 2
    ---
    error: failed to take the list: it has no patterns
    exit code 2
    ---
    error: failed to read `list.txt`: the name of the list `list.txt` does not say what kind of patterns it holds

    hint: name it `domain_whitelist.json`, `strict.lst` or `regex.lst`
    exit code 2
    ---
    error: failed to read `nowhere`: No such file or directory (os error 2)
    exit code 2
    ");
}

#[test]
fn a_broken_kept_list_gives_way_and_is_named() {
    let home = Home::new();
    std::fs::create_dir_all(home.0.path().join("data/golem-outbound")).unwrap();
    home.write("data/golem-outbound/whitelist.json", "{");
    insta::assert_snapshot!(home.said(&["explain", "https://ipfs.io"]), @"
    warning: the kept whitelist `[folder]/data/golem-outbound/whitelist.json` cannot be used: EOF while parsing an object at line 1 column 1; going by the default whitelist of 2025-10-27 (ya-installer-resources d018134)
    hint: take it anew: `golem-outbound whitelist update`, or forget it: `golem-outbound whitelist reset`
    https://ipfs.io
      accepted
      Negotiation: `ipfs.io` matches the strict pattern `ipfs.io`.
      Run time: TCP port 443 of `ipfs.io` opens; `http://ipfs.io` (port 80) is an
      entry of its own.
      Careful: The page at the root redirects to another host; files are below
      `/ipfs/`. As an entry of `outbound_urls` this is just right.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) accepts the request.

    A node resolves these names once, when it starts, and then reaches TCP
    ipfs.io:443 and DNS. Every other host and port is closed, also where a redirect
    leads there.
    exit code 0
    ");
}

#[test]
fn the_list_in_force_can_be_given_to_explain() {
    let home = Home::new();
    let shown = home.said(&["whitelist", "show", "--format", "json"]);
    let json = shown.split_once("patterns.\n").unwrap().1.rsplit_once("exit code 0").unwrap().0.to_owned();
    home.write("mine.json", &json);
    let explained = home.said(&["explain", "--whitelist", "mine.json", "https://a.dev.golem.network"]);
    assert!(explained.contains("A provider with the whitelist `mine.json` accepts"), "{explained}");
}
