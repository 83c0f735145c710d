//! What the commands say when they cannot do what they were told, word by word: these texts are the program's face.

use std::path::Path;
use std::process::{Command, Stdio};

/// A folder with a few files that cannot be used.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    write("broken.yaml", "cluster_name: x\nprovider: [\n");
    write("empty.yaml", "[]\n");
    write(
        "market.yaml",
        "- name: otter\n  subnet: public\n  cpu_threads: 1\n  mem_gib: 1\n  storage_gib: 1\n  colour: red\n  prices: {start: 0, cpu_hour: 0, env_hour: 0}\n",
    );
    folder
}

/// All that a command said, with its exit code; the folder's path is `[folder]`.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let folder = folder.canonicalize().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .args(arguments)
        .current_dir(&folder)
        .env_remove("VIRTUAL_ENV")
        .env("NO_COLOR", "1")
        // A whitelist that somebody keeps on this machine is not in force here.
        .env("XDG_DATA_HOME", folder.join("nowhere"))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    let code = output.status.code().unwrap();
    format!("{}exit code {code}\n", text.replace(&folder.display().to_string(), "[folder]"))
}

/// Everything said, one command after another; nothing may have been written meanwhile.
fn all(commands: &[&[&str]]) -> String {
    let folder = folder();
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = entries();
    let text =
        commands.iter().map(|arguments| said(folder.path(), arguments)).collect::<Vec<_>>().join("---\n");
    assert_eq!(entries(), before, "a refused command wrote something");
    text
}

#[test]
fn a_name_that_is_none_says_why() {
    let commands: &[&[&str]] = &[
        &["new", "a b", "--yes"],
        &["new", "../x", "--yes"],
        &["new", "", "--yes"],
        &["new", "a\nb", "--yes"],
        &["new", "-x", "--yes"],
        &["new", "taken", "--yes"],
    ];
    insta::assert_snapshot!(all(commands), @r##"
    error: `a b` cannot be a project's name: it holds ` `; letters a to z, digits, `-` and `_` are allowed

    hint: for example: `golem-outbound new my-project`
    exit code 2
    ---
    error: `../x` cannot be a project's name: it is a path, and the project is made in the folder where you are

    hint: go there first: `cd FOLDER`, then `golem-outbound new my-project`
    exit code 2
    ---
    error: `` cannot be a project's name: it is empty

    hint: for example: `golem-outbound new my-project`
    exit code 2
    ---
    error: `a\nb` cannot be a project's name: it holds `\n`; letters a to z, digits, `-` and `_` are allowed

    hint: for example: `golem-outbound new my-project`
    exit code 2
    ---
    error: unexpected argument '-x' found

      tip: to pass '-x' as a value, use '-- -x'

    Usage: golem-outbound new [OPTIONS] <NAME>

    For more information, try '--help'.
    exit code 2
    ---
    error: failed to create `taken`: it exists

    hint: choose another name, or move what is there out of the way
    exit code 2
    "##);
}

#[test]
fn a_value_that_is_none_says_what_would_do() {
    let commands: &[&[&str]] = &[
        &["new", "x", "--yes", "--define", "worker=3"],
        &["new", "x", "--yes", "--define", "workers=-1"],
        &["new", "x", "--yes", "--define", "payment_network=gold"],
    ];
    insta::assert_snapshot!(all(commands), @r##"
    error: the template has no value `worker`

    hint: did you mean `workers`?
    hint: the values are download_urls, dropbox, extra_outbound_urls, pip_packages, workers, budget, payment_network, image_tag, cluster_name
    exit code 2
    ---
    error: `-1` is not a value for `workers`

    hint: a whole number from 0 to 99
    hint: for example `--define workers="1"`
    exit code 2
    ---
    error: `gold` is not a value for `payment_network`

    hint: one of holesky, hoodi, polygon, mainnet
    hint: for example `--define payment_network="holesky"`
    exit code 2
    "##);
}

#[test]
fn outside_of_a_project_every_command_says_where_to_go() {
    let commands: &[&[&str]] = &[&["run"], &["environment"], &["check"]];
    insta::assert_snapshot!(all(commands), @r##"
    error: `[folder]` is not a tutorial project: it has no `golem-outbound.yaml`

    hint: go to your project: `cd my-project`
    hint: or make one: `golem-outbound new my-project`
    exit code 2
    ---
    error: failed to read `[folder]/requirements.lock`: No such file or directory (os error 2)

    hint: run it in a project's folder, or make one: `golem-outbound new my-project`
    exit code 2
    ---
    error: failed to read `golem-cluster.yaml`: No such file or directory (os error 2)

    hint: give the cluster file: `golem-outbound check golem-cluster.yaml`
    exit code 2
    "##);
}

#[test]
fn a_cluster_file_that_is_no_yaml_is_shown_where_it_breaks() {
    let commands: &[&[&str]] = &[&["check", "broken.yaml"]];
    insta::assert_snapshot!(all(commands), @r##"
    error[broken-yaml]: this is not YAML: did not find expected node content
      --> broken.yaml:2:11
      |
    2 | provider: [
      |           ^
    help: look at this line and the one above: indentation, a missing colon, quote
      or bracket

    broken.yaml: 1 error, no warnings
    `golem-outbound check --explain broken-yaml` says more about a finding
    exit code 1
    "##);
}

#[test]
fn what_is_no_url_is_told_from_what_is_refused() {
    let commands: &[&[&str]] = &[&["explain", "ipfs.io"], &["explain", "https://nowhere.test"]];
    insta::assert_snapshot!(all(commands), @r"
    ipfs.io
      not a URL
      It has no scheme.
      Write instead:
        https://ipfs.io

    Nothing was decided: correct what is not a URL first.
    exit code 2
    ---
    https://nowhere.test
      rejected
      Negotiation: no pattern of the whitelist matches `nowhere.test`.
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

    Hello! My Ray on Golem program downloads from nowhere.test, which is not on the
    default whitelist. It is for: (say what for, and who runs the host). If you want
    to allow it on your provider:
    ya-provider whitelist add -p nowhere.test -t strict
    Thank you!
    exit code 1
    ");
}

#[test]
fn without_a_localnet_there_is_nothing_to_enter() {
    let commands: &[&[&str]] = &[
        &["localnet", "exec", "--dir", "net", "--", "true"],
        &["localnet", "status", "--dir", "net"],
        &["localnet", "down", "--dir", "net"],
        &["localnet", "up", "--dir", "net"],
        &["localnet", "up", "--dir", "net", "--venv", "taken"],
    ];
    insta::assert_snapshot!(all(commands), @r##"
    error: failed to enter the localnet at `[folder]/net`: it does not run

    hint: start it: `golem-outbound localnet up`
    exit code 2
    ---
    localnet    down
    directory   [folder]/net
    start it    `golem-outbound localnet up`
    exit code 0
    ---
    No localnet runs at [folder]/net.
    exit code 0
    ---
    error: failed to start the localnet: no Python environment was found

    hint: make the project's environment: `golem-outbound environment`
    hint: or name one that has ray-on-golem: `golem-outbound localnet up --venv DIR`
    exit code 3
    ---
    error: failed to start the localnet: there is no `ray` in the Python environment `taken`

    hint: make the project's environment: `golem-outbound environment`
    hint: or name one that has ray-on-golem: `golem-outbound localnet up --venv DIR`
    exit code 3
    "##);
}

#[test]
fn a_market_that_cannot_be_read_is_refused_before_anything_starts() {
    let commands: &[&[&str]] = &[
        &["localnet", "up", "--dir", "net", "--providers", "market.yaml"],
        &["localnet", "up", "--dir", "net", "--providers", "nowhere.yaml"],
        &["localnet", "up", "--dir", "net", "--providers", "empty.yaml"],
    ];
    insta::assert_snapshot!(all(commands), @r##"
    error: failed to read providers from `market.yaml`: entry 1 (`otter`): unknown field `colour`, expected one of `name`, `subnet`, `cpu_threads`, `mem_gib`, `storage_gib`, `prices`, `rules`, `whitelist`, `mid_agreement_payments`, `max_agreement_hours`, `rejects_with`, `faults` at line 6 column 3

    hint: the format is described in `docs/localnet.md`, under Providers
    exit code 2
    ---
    error: failed to read providers from `nowhere.yaml`: No such file or directory (os error 2)
    exit code 2
    ---
    error: failed to read providers from `empty.yaml`: it holds no provider

    hint: the format is described in `docs/localnet.md`, under Providers
    exit code 2
    "##);
}

#[test]
fn the_page_of_exit_codes_lists_every_kind_of_error() {
    use golem_outbound::error::ErrorKind;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md")).unwrap();
    let mut listed: Vec<u8> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    // The match makes the compiler ask for a new kind here as well.
    let code = |kind: ErrorKind| match kind {
        ErrorKind::Failed
        | ErrorKind::Usage
        | ErrorKind::Machine
        | ErrorKind::Inconclusive
        | ErrorKind::Internal
        | ErrorKind::Interrupted => kind.exit_code(),
    };
    let kinds = [
        ErrorKind::Failed,
        ErrorKind::Usage,
        ErrorKind::Machine,
        ErrorKind::Inconclusive,
        ErrorKind::Internal,
        ErrorKind::Interrupted,
    ];
    let mut expected: Vec<u8> = kinds.into_iter().map(code).chain([0]).collect();
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .args(["whitelist", "show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed long before the program, which has its list to read first, writes a line.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("panicked").count(), 0);
    assert!(output.status.code().is_none_or(|code| code == 0), "{}", output.status);
}
