//! `new` on a terminal: it asks for each value, refuses what is none, and asks again.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};

/// A program on a pseudo-terminal.
struct Terminal {
    screen: File,
    child: Child,
    shown: String,
    seen: usize,
}

impl Terminal {
    fn new(columns: u16, folder: &Path, arguments: &[&str]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
            .arg("new")
            .args(arguments)
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self { screen: pty.master.into(), child, shown: String::new(), seen: 0 }
    }

    /// One piece of output; `false` when the program has closed the terminal.
    fn read(&mut self) -> bool {
        let mut ready = [PollFd::new(self.screen.as_fd(), PollFlags::POLLIN)];
        assert!(
            poll(&mut ready, PollTimeout::from(20_000u16)).unwrap() > 0,
            "nothing came after {}",
            self.shown
        );
        let mut piece = [0; 4096];
        // Linux says EIO when nobody is at the other end any more.
        let count = self.screen.read(&mut piece).unwrap_or(0);
        self.shown += &String::from_utf8_lossy(&piece[..count]);
        count > 0
    }

    /// What is shown until `text` comes, which has not been waited for yet; lines are joined.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                let shown = self.shown[self.seen..self.seen + at].to_owned();
                self.seen += at + text.len();
                return shown.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            assert!(self.read(), "`{text}` did not come in {}", self.shown);
        }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.screen, "{line}").unwrap();
    }

    fn end(mut self) -> (ExitStatus, String) {
        while self.read() {}
        (self.child.wait().unwrap(), self.shown)
    }
}

/// Value, an answer that is none and the beginning of what is said to it, a good answer (empty: the default).
const CONVERSATION: [(&str, &str, &str, &str); 9] = [
    (
        "download_urls",
        "http://a.io/x",
        "is not a value for `download_urls`: providers' whitelists name hosts",
        "https://a.io/x https://www.dropbox.com/s/a/b.txt?dl=0",
    ),
    ("dropbox", "https://www.dropbox.com/sh/a", "cannot be downloaded on a node: a Dropbox folder", "none"),
    (
        "extra_outbound_urls",
        "ipfs.io",
        "is not a value for `extra_outbound_urls`: `none`, or URLs",
        "wss://c.io",
    ),
    ("pip_packages", "numpy; rm", "is not a value for `pip_packages`: `none`, or names", ""),
    ("workers", "many", "is not a value for `workers`: a whole number from 0 to 99", "2"),
    ("budget", "0", "is not a value for `budget`: an amount of GLM above 0", ""),
    ("payment_network", "gold", "is not a value for `payment_network`: one of holesky, hoodi", "polygon"),
    ("image_tag", "ray", "is not a value for `image_tag`: `user/repository:tag`", ""),
    ("cluster_name", "-x", "is not a value for `cluster_name`: letters, digits,", "mine"),
];

fn default(value: &str) -> &'static str {
    let found = golem_outbound::scaffold::placeholders().iter().find(|known| known.name == value);
    &found.unwrap().default
}

#[test]
fn every_value_is_asked_for_refused_once_and_taken() {
    for columns in [80, 40] {
        let folder = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::new(columns, folder.path(), &["asked"]);
        for (value, bad, refusal, good) in CONVERSATION {
            let prompt = format!("{value} [{}]: ", default(value));
            terminal.until(&prompt);
            terminal.type_line(bad);
            let said = terminal.until(&prompt);
            assert!(said.contains(&format!("`{bad}` {refusal}")), "{columns} columns: {said}");
            terminal.type_line(good);
        }
        let (status, shown) = terminal.end();
        assert!(status.success(), "{shown}");
        assert!(shown.contains("note: ") && shown.contains("cd asked"), "{shown}");
        let prose = shown.lines().filter(|line| !line.contains("]: ") && !line.contains("://"));
        for line in prose {
            assert!(line.trim_end().chars().count() <= columns.into(), "{columns} columns: {line}");
        }

        // The same as without questions.
        let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        command.args(["new", "defined"]).current_dir(folder.path());
        for (value, _, _, good) in CONVERSATION.iter().filter(|(_, _, _, good)| !good.is_empty()) {
            command.arg("--define").arg(format!("{value}={good}"));
        }
        assert!(command.output().unwrap().status.success());
        for file in ["golem-cluster.yaml", "simple-outbound.py", "golem-outbound.yaml"] {
            let of = |project: &str| fs::read_to_string(folder.path().join(project).join(file)).unwrap();
            assert_eq!(of("asked"), of("defined").replace("\"defined\"", "\"asked\""), "{file}");
        }
    }
}

#[test]
fn what_is_defined_is_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal =
        Terminal::new(80, folder.path(), &["x", "--define", "workers=3", "--define", "budget=2"]);
    for (value, ..) in CONVERSATION.iter().filter(|(value, ..)| !["workers", "budget"].contains(value)) {
        terminal.until(&format!("{value} [{}]: ", default(value)));
        terminal.type_line("");
    }
    let (status, shown) = terminal.end();
    assert!(status.success() && !shown.contains("workers ["), "{shown}");
    let cluster = fs::read_to_string(folder.path().join("x/golem-cluster.yaml")).unwrap();
    assert!(cluster.contains("\nmax_workers: 3\n") && cluster.contains("total_budget: 2\n"), "{cluster}");
}

#[test]
fn an_end_in_the_middle_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::new(80, folder.path(), &["x"]);
    terminal.until("download_urls [tutorial]: ");
    terminal.type_line("");
    terminal.until("dropbox [sample]: ");
    // Ctrl-D
    terminal.screen.write_all(b"\x04").unwrap();
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(130), "{shown}");
    assert!(shown.contains("`golem-outbound new NAME --yes`"), "{shown}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
