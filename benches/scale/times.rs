//! The same job, on the localnet and without Golem; and where the seconds go.

use std::path::Path;
use std::time::Duration;

use crate::localnet::{FILE, Localnet, Ran};
use crate::{PROGRAM, project, seconds, sshd, timed};

const JOB: &str = "simple-outbound.py";
const LIMIT: Duration = Duration::from_secs(300);

/// What came of a command, and how long it took.
type Part = (Ran, Duration);

/// From the start of the cluster to the verified result, in one environment.
struct Way {
    name: &'static str,
    /// Both parts: the cluster is there, the job is done.
    go: fn(&Localnet) -> [Part; 2],
    /// What ends it.
    end: fn(&Localnet),
}

const WAYS: [Way; 3] = [
    Way {
        name: "`ray up`, `ray submit` on the localnet",
        go: |localnet| {
            let up = timed(|| localnet.inside(&["ray", "up", FILE, "--yes"], LIMIT));
            [up, timed(|| localnet.inside(&["ray", "submit", FILE, JOB], LIMIT))]
        },
        end: |localnet| {
            localnet.inside(&["ray", "down", FILE, "--yes"], LIMIT);
            localnet.inside(&["ray-on-golem", "stop", "--kill"], LIMIT);
        },
    },
    Way {
        name: "`ray up`, `ray submit` with Ray's `local` provider",
        go: |localnet| {
            let up = served(localnet, &["ray", "up", "on-premise.yaml", "--yes", "--no-config-cache"]);
            [up, served(localnet, &["ray", "submit", "on-premise.yaml", JOB])]
        },
        end: |localnet| drop(localnet.inside(&["ray", "stop", "--force"], LIMIT)),
    },
    Way {
        name: "`ray start --head`, `python3`",
        go: |localnet| {
            let start = ["ray", "start", "--head", "--disable-usage-stats"];
            let up = timed(|| localnet.inside(&start, LIMIT));
            [up, timed(|| localnet.inside(&["python3", JOB], LIMIT))]
        },
        end: |localnet| drop(localnet.inside(&["ray", "stop", "--force"], LIMIT)),
    },
];

/// With the SSH server beside it.
fn served(localnet: &Localnet, words: &[&str]) -> Part {
    let words = [&["unshare", "--mount", "bash", "with-server.sh"], words].concat();
    timed(|| localnet.inside(&words, LIMIT))
}

pub fn section(folder: &Path, runs: usize) -> String {
    let project = project::example(folder);
    sshd::prepare(&project).expect("an SSH server");
    std::fs::write(project.join("on-premise.yaml"), sshd::cluster_file(&project)).expect("a file");
    let localnet = Localnet::up(Path::new(PROGRAM), project, &[]);
    let mut times = WAYS.map(|_| Vec::new());
    let mut phases = Vec::new();
    for run in 0..runs {
        for turn in 0..WAYS.len() {
            let index = (run + turn) % WAYS.len();
            let way = &WAYS[index];
            let [(up, cluster), (submitted, job)] = (way.go)(&localnet);
            assert!(up.ok && submitted.ok, "{} failed", way.name);
            assert!(submitted.has("Ray on Golem rocks!"), "{}: {:#?}", way.name, submitted.lines);
            times[index].push((cluster, job));
            if index == 0 {
                phases = shares(&localnet, &up, job);
            }
            (way.end)(&localnet);
        }
    }
    localnet.down();
    rendered(&times, &phases)
}

fn rendered(times: &[Vec<(Duration, Duration)>; 3], phases: &[(String, Duration)]) -> String {
    let median = |of: &dyn Fn(&(Duration, Duration)) -> Duration, index: usize| {
        let mut all: Vec<Duration> = times[index].iter().map(of).collect();
        all.sort();
        all[all.len() / 2]
    };
    let whole = |index| median(&|(up, submitted)| *up + *submitted, index);
    let mut text = format!(
        "## The same job without Golem\n\nMedians of {} runs, in turn.\n\n| way | cluster | job | together | ratio |\n| --- | --- | --- | \
         --- | --- |\n",
        times[0].len()
    );
    for (index, way) in WAYS.iter().enumerate() {
        text += &format!(
            "| {} | {} | {} | {} | {:.1} × |\n",
            way.name,
            seconds(median(&|(up, _)| *up, index)),
            seconds(median(&|(_, submitted)| *submitted, index)),
            seconds(whole(index)),
            whole(index).as_secs_f64() / whole(WAYS.len() - 1).as_secs_f64()
        );
    }
    text += "\n| where the time on the localnet goes (last run) | |\n| --- | --- |\n";
    for (name, share) in phases {
        text += &format!("| {name} | {} |\n", seconds(*share));
    }
    text + "\n"
}

/// What is waited for, who has it done, and the line of ray-on-golem's log or of `ray up` that ends it.
const PHASES: [(&str, &str, Of); 8] = [
    (
        "Python, Ray and ray-on-golem start; its webserver starts yagna and waits two seconds for it",
        "Starting server done",
        Of::Log,
    ),
    ("`ray up` looks every two seconds whether the webserver is there", "Starting webserver done", Of::Up),
    ("ray-on-golem makes its SSH key and asks for the wallet", "Requesting 1 nodes", Of::Up),
    (
        "ray-on-golem collects offers for ten seconds, negotiates and gets an agreement",
        "Getting agreement done",
        Of::Log,
    ),
    (
        "the node is deployed, started and reached by SSH: the localnet's own work",
        "Creating new activity done",
        Of::Log,
    ),
    ("`ray up` looks every five seconds whether the node is ready", "All 1 requested nodes ready", Of::Up),
    ("Ray's updater reaches the node, sends files by rsync", "Starting the Ray runtime", Of::Up),
    ("`ray start` on the node", "Useful commands", Of::Up),
];

/// Where a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Log,
    Up,
}

fn shares(localnet: &Localnet, up: &Ran, job: Duration) -> Vec<(String, Duration)> {
    let log = localnet.project.join(".golem-outbound/localnet/ray-on-golem/webserver.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    // Both clocks are the machine's: the first line of `ray up` that has a time tells where the log's times lie.
    let zero = up.lines.iter().find_map(|(at, line)| Some(clock(line)? - at.as_secs_f64()));
    let zero = zero.expect("a line with a time");
    let mut before = 0.0;
    let mut shares = Vec::new();
    for (name, text, of) in PHASES {
        let at = match of {
            Of::Up => up.at(text).map(|at| at.as_secs_f64()),
            // The copy of the log holds earlier runs as well.
            Of::Log => {
                let lines = log.lines().filter(|line| line.contains(text)).filter_map(clock);
                lines.map(|at| at - zero).find(|at| *at >= 0.0)
            }
        };
        let at = at.unwrap_or_else(|| panic!("no line with `{text}`"));
        shares.push((name.to_owned(), Duration::from_secs_f64((at - before).max(0.0))));
        before = at;
    }
    shares.push(("`ray submit`: the job and its downloads".to_owned(), job));
    shares
}

/// The time of day in a line, in seconds: `2026-11-28 17:09:12,853`.
fn clock(line: &str) -> Option<f64> {
    let date = line.find(|letter: char| letter.is_ascii_digit())?;
    let time = line[date..].split_whitespace().nth(1)?;
    let (time, milliseconds) = time.trim_end_matches(']').split_once(',')?;
    let mut fields = time.split(':').map(|field| field.parse::<f64>().ok());
    let (hours, minutes, seconds) = (fields.next()??, fields.next()??, fields.next()??);
    Some(3600.0 * hours + 60.0 * minutes + seconds + milliseconds.parse::<f64>().ok()? / 1000.0)
}
