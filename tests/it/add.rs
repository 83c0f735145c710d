//! `golem-outbound add`: what it says and writes, against servers of this machine and against a localnet's mirror.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::sandbox::Bench;

/// The first block of the public example, whose body is `R`.
const R: &str = "https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq";
const FILES: [&str; 2] = ["golem-cluster.yaml", "simple-outbound.py"];

/// A copy of the example project without the first block, at this place.
fn project_at(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/docs-outbound");
    for file in FILES {
        let text = std::fs::read_to_string(example.join(file)).unwrap();
        let lines = text.lines().filter(|line| !line.contains(R)).map(|line| format!("{line}\n"));
        std::fs::write(folder.join(file), lines.collect::<String>()).unwrap();
    }
}

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        project_at(&folder.path().join("p"));
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("p")
    }

    fn texts(&self) -> [String; 2] {
        FILES.map(|file| std::fs::read_to_string(self.path().join(file)).unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        command.arg("add").args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command.env("NO_COLOR", "1").env("XDG_DATA_HOME", self.folder.path());
        command
    }

    fn add(&self, arguments: &[&str]) -> String {
        said(&self.command(arguments).output().unwrap())
    }

    /// What a command says that must not write anything.
    fn refused(&self, arguments: &[&str]) -> String {
        let before = self.texts();
        let said = self.add(arguments);
        assert_eq!(self.texts(), before, "{said}");
        said
    }
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap_or(-1);
    format!("{}{}exit code {code}\n", text(&output.stderr), text(&output.stdout))
}

/// A server that gives each connection this answer; its address. The receiver hears of every request.
fn server(answer: String) -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                request.push(byte[0]);
            }
            let _ = stream.write_all(answer.as_bytes());
            let _ = asked.send(());
            // A body that is not complete stays open.
            open.push(stream);
        }
    });
    (address, hears)
}

fn file(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_file_is_fetched_pinned_and_entered_in_both_files() {
    let project = Project::new();
    let before = project.texts();
    let (address, _) = server(file("text/csv", "a,b\n"));
    let url = format!("{address}/d.csv");
    let said = project.add(&[&url, "--yes"]).replace(&address, "[server]");
    insta::assert_snapshot!(said, @r##"
    [server]/d.csv
      fetched 4 bytes (text/csv), to be pinned by its sha256 5be08c9684a1d25efcee09318204824278b08bbfb4aef973ffefd0b9d7478313
      warning: `127.0.0.1` is not on the default whitelist of 2025-10-27 (ya-installer-resources d018134): providers with that list refuse the whole cluster because of it, and `ray up` may wait at [1/9] for ever; see `golem-outbound explain [server]`
    simple-outbound.py: 1 download was entered
    golem-cluster.yaml: `[server]` was entered in `outbound_urls`
    A cluster that is up does not see this: it must be taken down and up again.
        ray down golem-cluster.yaml --yes
        ray up golem-cluster.yaml --yes
    [server]/d.csv#sha256=5be08c9684a1d25efcee09318204824278b08bbfb4aef973ffefd0b9d7478313
    exit code 0
    "##);
    let [cluster, script] = project.texts();
    assert_eq!(cluster.replace(&format!("          - \"{address}\"\n"), ""), before[0]);
    let entry = script.lines().find(|line| line.contains(&url)).unwrap();
    assert_eq!(script.replace(&format!("{entry}\n"), ""), before[1]);
    assert!(entry.starts_with(&format!("    \"{url}#sha256=")) && entry.ends_with("\","), "{entry}");
    let again = project.refused(&[&url]);
    assert!(again.contains("already there: nothing to change\nexit code 0"), "{again}");
}

#[test]
fn a_dry_run_shows_both_differences_and_writes_nothing() {
    let project = Project::new();
    insta::assert_snapshot!(project.refused(&[R, "https://github.com/a/b.zip", "--no-fetch", "--unpinned", "--dry-run"]), @r##"
    https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq
      not fetched; its CID lets the script check it
    https://github.com/a/b.zip
      not fetched; entered without a pin, so the script will take whatever arrives
    --- golem-cluster.yaml
    +++ golem-cluster.yaml
    @@ -40,6 +40,7 @@
             # have no Internet at all. After a change: `ray down`, then `ray up`.
             outbound_urls:
               - "https://ipfs.io"
    +          - "https://github.com"
     
             # Least memory, processor threads and disk of a node. More narrows the choice of providers.
             # min_mem_gib: 1
    --- simple-outbound.py
    +++ simple-outbound.py
    @@ -17,6 +17,8 @@
         "https://ipfs.io/ipfs/bafkreibwvht7dsk3ql73tf2d4dc4jtuv3a6juqykvrm7qtxtzp5lmfcqna",
         "https://ipfs.io/ipfs/bafkreihwavxppciktfeuynevdal4f3kp2nqivbei54fon4vpvsj625ufjy",
         "https://ipfs.io/ipfs/bafkreif3oielzg25pqcpci3kqkqasos6gp2aii6vxkguezxxbewdxjb3mi",
    +    "https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq",
    +    "https://github.com/a/b.zip",
     ]
     
     def get(url, redirects=3):
    exit code 0
    "##);
}

#[test]
fn what_needs_consent_is_not_entered_without_it() {
    let project = Project::new();
    let (address, _) = server(file("text/html", "<!doctype html>Sign in"));
    let said = project.refused(&[&format!("{address}/d.csv")]).replace(&address, "[server]");
    insta::assert_snapshot!(said, @r##"
    [server]/d.csv
      fetched 22 bytes (text/html), to be pinned by its sha256 989cd0145b76d972e727d9b6d15796787e16211e85bef5e013b26072fa221010
      warning: a web page came where a file was expected, 22 bytes (text/html): is the link public, and does it lead to the file itself?
      warning: `127.0.0.1` is not on the default whitelist of 2025-10-27 (ya-installer-resources d018134): providers with that list refuse the whole cluster because of it, and `ray up` may wait at [1/9] for ever; see `golem-outbound explain [server]`
    error: nothing was written, because of the warnings above

    hint: to enter it all the same, type the command again with `--yes`
    exit code 1
    "##);
}

#[test]
fn what_failed_says_what_to_type() {
    let project = Project::new();
    let (elsewhere, _) = server(
        "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.test/x\r\nContent-Length: 0\r\n\r\n".into(),
    );
    let (gone, _) = server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into());
    let said = project.refused(&[&format!("{elsewhere}/a"), &format!("{gone}/b")]);
    insta::assert_snapshot!(said.replace(&elsewhere, "[elsewhere]").replace(&gone, "[gone]").replace("127.0.0.1", "[host]"), @r##"
    [elsewhere]/a
      warning: `[host]` is not on the default whitelist of 2025-10-27 (ya-installer-resources d018134): providers with that list refuse the whole cluster because of it, and `ray up` may wait at [1/9] for ever; see `golem-outbound explain [elsewhere]`
    error: failed to add `[elsewhere]/a`: it redirects to `https://elsewhere.test`, an address that may change; the script does not follow it, and a node could reach it only if it were declared
      [elsewhere]/a
      -> https://elsewhere.test/x

    hint: that host is not whitelisted: `golem-outbound explain 'https://elsewhere.test'`
    hint: put the file on IPFS or Dropbox, whose hosts are, and enter that link
    [gone]/b
      warning: `[host]` is not on the default whitelist of 2025-10-27 (ya-installer-resources d018134): providers with that list refuse the whole cluster because of it, and `ray up` may wait at [1/9] for ever; see `golem-outbound explain [gone]`
    error: failed to add `[gone]/b`: it answers with status 404: nothing is there

    hint: to enter it without asking for it: `--no-fetch`, with `--sha256 HEX` or `--unpinned`
    nothing was written
    exit code 1
    "##);
}

#[test]
fn links_that_cannot_work_and_files_that_nobody_saw_are_refused() {
    let project = Project::new();
    let all = [
        project.refused(&["ipfs.io/x", "https://www.dropbox.com/sh/a/b", "data:,x"]),
        project.refused(&["https://www.dropbox.com/s/a/d.csv?dl=0", "--no-fetch"]),
        project.refused(&["https://github.com/a", "--sha256", "12"]),
    ];
    insta::assert_snapshot!(all.join("---\n"), @r##"
    error: failed to add `ipfs.io/x`: it has no scheme

    hint: `golem-outbound add 'https://ipfs.io/x'`
    error: failed to add `https://www.dropbox.com/sh/a/b`: no node can download it

    hint: a Dropbox folder comes as a zip from a host outside the whitelist; share each file, or one archive
    error: failed to add `data:,x`: it is no URL of a file on the Internet
    exit code 2
    ---
    https://dl.dropboxusercontent.com/s/a/d.csv
      rewritten from https://www.dropbox.com/s/a/d.csv?dl=0: Dropbox answers share links with a redirect to a host outside the whitelist, while `dl.dropboxusercontent.com` is on it and serves the file itself
    error: failed to add `https://dl.dropboxusercontent.com/s/a/d.csv`: nothing is known of its content

    hint: pin a copy that you have: `golem-outbound add 'https://dl.dropboxusercontent.com/s/a/d.csv' --sha256 $(sha256sum FILE | cut -c-64)`
    hint: or take whatever arrives: `golem-outbound add 'https://dl.dropboxusercontent.com/s/a/d.csv' --unpinned`
    nothing was written
    exit code 4
    ---
    error: invalid value '12' for '--sha256 <HEX>': a sha256 has 64 hexadecimal digits, as `sha256sum` prints them

    For more information, try '--help'.
    exit code 2
    "##);
}

#[test]
fn a_script_whose_list_is_none_is_shown_at_its_place() {
    let project = Project::new();
    let path = project.path().join("simple-outbound.py");
    std::fs::write(&path, "DOWNLOADS = [\n    \"https://a.io/\",\n    BASE + \"b\",\n]\n").unwrap();
    insta::assert_snapshot!(project.refused(&[R]), @r##"
    error: `simple-outbound.py` cannot be used
    error[downloads-not-a-list]: an entry of `DOWNLOADS` is not a text in quotes
      --> simple-outbound.py:3:5
      |
    3 |     BASE + "b",
      |     ^^^^^^^^^^
    help: write `DOWNLOADS = [`, URLs in quotes with commas between them, and `]`
    exit code 2
    "##);
}

#[test]
fn ctrl_c_during_a_download_leaves_both_files_as_they_were() {
    let project = Project::new();
    let before = project.texts();
    let (address, hears) = server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into());
    let mut command = project.command(&[&format!("{address}/d.csv"), "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    hears.recv().unwrap();
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert_eq!(project.texts(), before);
    assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), FILES.len());
}

/// The mirror's certificate is believed because the localnet says so, and for no other reason.
#[test]
fn inside_a_localnet_the_mirror_is_asked_over_tls() {
    let bench = Bench::new(None);
    bench.up();
    let folder = bench.path("p");
    project_at(&folder);
    let program = bench.path("golem-outbound");
    let (program, folder_name) = (program.to_str().unwrap(), folder.to_str().unwrap());
    let add = |before: &[&str], url: &str| {
        said(&bench.exec(&[before, &[program, "add", "--project", folder_name, url]].concat()))
    };
    let block = add(&[], R);
    assert!(block.contains("fetched 1 byte (text/plain): it is the block that its CID names"), "{block}");
    assert!(
        block.contains("a cluster that is up can stay up") && block.ends_with("exit code 0\n"),
        "{block}"
    );
    let sample = "https://www.dropbox.com/scl/fi/golem-outbound-sample/hello.txt?rlkey=sample&dl=0";
    let strange = add(&["env", "-u", "SSL_CERT_FILE"], sample);
    assert!(
        strange.contains("the connection is not trusted") && strange.ends_with("exit code 4\n"),
        "{strange}"
    );
    let pinned = add(&[], sample);
    let entry = "https://dl.dropboxusercontent.com/scl/fi/golem-outbound-sample/hello.txt?rlkey=sample\
                 #sha256=31962f598cb3ff8214dd94cc0ffcab93bd5ff8069b32730ea61d2d2131211cb7";
    assert!(pinned.contains(&format!("\n{entry}\nexit code 0\n")), "{pinned}");
    assert!(
        pinned.contains("    ray down golem-cluster.yaml --yes\n    ray up golem-cluster.yaml --yes\n"),
        "{pinned}"
    );
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    assert!(text("simple-outbound.py").contains(&format!("    \"{R}\",\n    \"{entry}\",\n]\n")));
    let urls = "- \"https://ipfs.io\"\n          - \"https://dl.dropboxusercontent.com\"\n";
    assert!(text("golem-cluster.yaml").contains(urls));
    let missing =
        add(&[], "https://ipfs.io/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
    assert!(
        missing.contains("it answers with status 404") && missing.ends_with("exit code 1\n"),
        "{missing}"
    );
}
