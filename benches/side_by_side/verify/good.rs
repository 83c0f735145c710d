//! Outputs of steps that went well, though they look different.

use regex::Regex;

use super::{Case, STEPS, after, lines, swap};

const DOWNLOADING: [&str; 2] = ["run-local", "ray-submit"];
const ON_CLUSTER: [&str; 3] = ["ray-up", "ray-submit", "blocked-url"];

pub fn cases() -> Vec<Case> {
    let mut all = everywhere();
    all.extend(downloads());
    all.extend(cluster());
    all.extend(market());
    all.extend(refusals());
    all.extend(endings());
    all
}

/// What may differ in any step.
fn everywhere() -> Vec<Case> {
    let mut all = Vec::new();
    for step in STEPS {
        all.push(Case::good(step, "line ends of a terminal", |text| {
            text.replace('\r', "").replace('\n', "\r\n")
        }));
        all.push(Case::good(step, "colours at the beginning of lines", |text| {
            lines(text, |line| {
                Some(format!("\u{1b}[36m\u{1b}[1m{}\u{1b}[0m\n", line.trim_end_matches(['\n', '\r'])))
            })
        }));
        for seed in 1..=4 {
            all.push(Case::good(step, "another day, other ids and durations", |text| {
                another_day(text, seed)
            }));
        }
        all.push(Case::good(step, "blank lines at the end", |text| format!("{text}\n\n")));
        all.push(Case::good(step, "a warning of Python before all else", |text| {
            format!("/usr/lib/python3/dist-packages/requests/__init__.py:87: RequestsDependencyWarning: urllib3 (2.2.1) or chardet (5.1.0) doesn't match a supported version!\n  warnings.warn(\n{text}")
        }));
    }
    all
}

/// Other times, hashes, ids, ports of sessions and durations, none of which a step promises.
fn another_day(text: &str, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = text.to_owned();
    let kinds = [
        r"\b\d\d:\d\d:\d\d\b",
        r"2026-11-28",
        r"\b(?:0x)?[0-9a-f]{10,64}\b",
        r",\d{3}\b",
        r"load average: .*",
    ];
    for (index, kind) in kinds.iter().enumerate() {
        let kind = Regex::new(kind).expect("a pattern");
        text = kind
            .replace_all(&text, |found: &regex::Captures<'_>| {
                let number = random();
                match index {
                    0 => format!("{:02}:{:02}:{:02}", number % 24, number / 24 % 60, number / 1440 % 60),
                    1 => format!("2027-{:02}-{:02}", 1 + seed % 12, 1 + seed * 5 % 28),
                    2 => found[0]
                        .chars()
                        .map(|c| if c.is_ascii_digit() { digit(c, seed) } else { c })
                        .collect(),
                    3 => format!(",{:03}", number % 1000),
                    _ => format!("load average: {}.{:02}, 0.41, 0.33", number % 9, number % 100),
                }
            })
            .into_owned();
    }
    text
}

fn digit(c: char, seed: u64) -> char {
    let number = u64::from(c.to_digit(10).unwrap_or(0));
    char::from_digit(((number + seed) % 10).try_into().unwrap_or(0), 10).unwrap_or(c)
}

fn is_row(line: &str) -> bool {
    line.contains("DOWNLOAD {")
}

/// The rows in another order; the other lines stay.
fn shuffled(text: &str, step: usize) -> String {
    let rows: Vec<&str> = text.split_inclusive('\n').filter(|line| is_row(line)).collect();
    let mut at = 0;
    lines(text, |line| {
        if !is_row(line) {
            return Some(line.to_owned());
        }
        at = (at + step) % rows.len();
        Some(rows[at].to_owned())
    })
}

fn downloads() -> Vec<Case> {
    let mut all = Vec::new();
    for step in DOWNLOADING {
        // Each coprime with twelve, so that every row comes once.
        for turn in [5, 7, 11] {
            all.push(Case::good(step, "the downloads in another order", move |text| shuffled(text, turn)));
        }
        all.push(Case::good(step, "some downloads needed another attempt", |text| {
            let mut count = 0;
            lines(text, |line| {
                count += usize::from(is_row(line));
                Some(if count % 3 == 0 {
                    line.replace("\"attempts\": 1", "\"attempts\": 3")
                } else {
                    line.to_owned()
                })
            })
        }));
        all.push(Case::good(step, "a download needed five attempts", |text| {
            text.replacen("\"attempts\": 1", "\"attempts\": 5", 1)
        }));
        all.push(Case::good(step, "rows printed by the tasks, with Ray's prefix", |text| {
            lines(text, |line| {
                Some(if is_row(line) { format!("(download pid=31415) {line}") } else { line.to_owned() })
            })
        }));
        all.push(Case::good(step, "rows with Ray's prefix, coloured, and the node's address", |text| {
            lines(text, |line| {
                let prefix = "\u{1b}[2m\u{1b}[36m(download pid=321, ip=192.168.0.4)\u{1b}[0m ";
                Some(if is_row(line) { format!("{prefix}{line}") } else { line.to_owned() })
            })
        }));
        all.push(Case::good(step, "a warning of urllib3 among the rows", |text| {
            after(text, "DOWNLOAD {", "WARNING:urllib3.connectionpool:Retrying (Retry(total=2)) after connection broken by 'ConnectTimeoutError'")
        }));
        all.push(Case::good(step, "a deprecation warning of Ray among the rows", |text| {
            after(
                text,
                "DOWNLOAD {",
                "(download pid=77) FutureWarning: the old scheduling strategy will be removed",
            )
        }));
        all.push(Case::good(step, "an exception ignored while Python ends", |text| {
            let said = "Exception ignored in: <function ActorHandle.__del__ at 0x7f00aa11bb22>\nTraceback (most recent call last):\n  File \"/usr/lib/python3.11/site-packages/ray/actor.py\", line 1333, in __del__\nAttributeError: 'NoneType' object has no attribute 'worker'";
            after(text, "Ray on Golem rocks!", said)
        }));
    }
    all
}

fn cluster() -> Vec<Case> {
    let mut all = Vec::new();
    for step in ON_CLUSTER {
        all.push(
            Case::good(step, "other addresses in the same network", |text| {
                text.replace("192.168.0.3", "192.168.0.17").replace("192.168.0.4", "192.168.0.18")
            })
            .nodes(&["192.168.0.17", "192.168.0.18"]),
        );
        all.push(Case::good(step, "a third node came meanwhile", ToOwned::to_owned).nodes(&[
            "192.168.0.3",
            "192.168.0.4",
            "192.168.0.5",
        ]));
    }
    all.push(Case::good("ray-submit", "a worker of Ray died, and its tasks were run again", |text| {
        let said = "(raylet) A worker died or was killed while executing a task by an unexpected system error. To troubleshoot the problem, check the logs for the dead worker. Lease ID: 0100 Worker ID: 7fd0 Node ID: 3b1c";
        after(text, "Connected to Ray cluster", said)
    }));
    all.push(Case::good("ray-submit", "both nodes have fetched", |text| {
        let mut count = 0;
        lines(text, |line| {
            count += usize::from(is_row(line));
            let node = if count % 2 == 0 { "\"node\": \"192.168.0.4\"" } else { "\"node\": \"192.168.0.3\"" };
            Some(line.replace("\"node\": \"192.168.0.3\"", node))
        })
    }));
    all.push(Case::good(
        "ray-submit",
        "the worker alone has fetched: tasks run on whichever node is free",
        |text| swap(text, "\"node\": \"192.168.0.3\"", "\"node\": \"192.168.0.4\""),
    ));
    let up = "ray-up";
    all.push(Case::good(up, "an agreement at once", |text| {
        lines(text, |line| {
            (!line.contains("status after 0:00:05") && !line.contains("status after 0:00:10"))
                .then(|| line.to_owned())
        })
    }));
    all.push(Case::good(up, "a minute until the agreement", |text| {
        let round =
            "    Requested nodes status after 0:01:05.100000\n      node0: [1/9] Getting an agreement...";
        after(text, "node0: [1/9]", &[round; 9].join("\n"))
    }));
    all.push(Case::good(up, "the first provider failed while deploying, the second did it", |text| {
        let failed = "      node0: [1/9] Getting an agreement...\n             [2/9] Creating activity on provider: grim-badger (0x11aa22bb33cc44dd55ee66ff7788990011223344)...\n             [3/9] Adding activity to internal VPN...\n             [4/9] Deploying image...\n             Failed to create activity, retrying: exe-unit error: cannot resolve host";
        after(text, "Requested nodes status after 0:00:00", failed)
    }));
    all.push(Case::good(up, "the webserver was already running", |text| {
        lines(text, |line| {
            (!line.contains("not yet running") && !line.contains("Starting webserver done")).then(|| {
                line.replace(
                    "Starting webserver on http://127.0.0.1:4578...",
                    "Not starting the webserver, as it's already running",
                )
            })
        })
    }));
    all.push(Case::good(up, "another provider", |text| swap(text, "brisk-otter", "calm-heron")));
    all.push(Case::good(up, "the project lies elsewhere", |text| {
        swap(text, "/home/ada/docs-outbound", "/srv/workshop/7/demo")
    }));
    all
}

fn market() -> Vec<Case> {
    let step = "network-stats";
    let counts = |all: [u64; 8]| {
        move |text: &str| {
            let mut at = 0;
            lines(text, |line| {
                let is_count = at < all.len() && line.contains(": ") && !line.contains("...");
                let head = line.rsplit_once(": ").map(|(head, _)| head);
                match (is_count, head) {
                    (true, Some(head)) => {
                        at += 1;
                        Some(format!("{head}: {}\n", all[at - 1]))
                    }
                    _ => Some(line.to_owned()),
                }
            })
        }
    };
    vec![
        Case::good(step, "one provider agrees, and one is enough", counts([22, 22, 22, 20, 18, 17, 17, 1])),
        Case::good(step, "a large market", counts([412, 400, 398, 380, 371, 360, 360, 288])),
        Case::good(step, "all agree", counts([9, 9, 9, 9, 9, 9, 9, 9])),
        Case::good(step, "a tenth of the market", counts([20, 20, 18, 12, 9, 7, 5, 2])),
        Case::good(step, "no errors of negotiation", |text| {
            text.split("Negotiation errors:").next().unwrap_or_default().to_owned()
        }),
        Case::good(step, "it ran its whole minute", |text| swap(text, "Received CTRL-C, exiting...\n", "")),
        Case::good(step, "another reason, with a number at its end", |text| {
            format!("{text}Price too high: 0.7 above 0.5: 3\n")
        }),
        Case::good(step, "the webserver started first", |text| {
            format!(
                "Ray On Golem 0.13.0\n  Starting webserver on http://127.0.0.1:4578...\n  Starting webserver done\n{text}"
            )
        }),
    ]
}

fn refusals() -> Vec<Case> {
    let step = "blocked-url";
    let reset = "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))";
    let mut all: Vec<Case> = [
        ("the end came early", "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"),
        ("an early end within TLS", "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)')))"),
        ("refused by the kernel", "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded with url: / (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f11>: Failed to establish a new connection: [Errno 111] Connection refused'))"),
        ("its name did not resolve, while the allowed one did", "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded with url: / (Caused by NameResolutionError(\\\"<urllib3.connection.HTTPSConnection object at 0x7f11>: Failed to resolve 'example.com' ([Errno -2] Name or service not known)\\\"))"),
        ("a broken pipe", "('Connection aborted.', BrokenPipeError(32, 'Broken pipe'))"),
    ]
    .map(|(why, error)| Case::good(step, why, move |text| swap(text, reset, error)))
    .into();
    all.push(Case::good(step, "one attempt", |text| swap(text, "\"attempts\": 3", "\"attempts\": 1")));
    all.push(Case::good(step, "both on the head node", |text| text.replace("192.168.0.4", "192.168.0.3")));
    all.push(Case::good(step, "the allowed one first", |text| {
        let rows: Vec<&str> = text.split_inclusive('\n').filter(|line| is_row(line)).collect();
        swap(text, rows[0], "FIRST\n").replace(rows[1], rows[0]).replace("FIRST\n", rows[1])
    }));
    all.push(Case::good(step, "the allowed one needed another attempt", |text| {
        swap(text, "\"attempts\": 1", "\"attempts\": 2")
    }));
    all
}

fn endings() -> Vec<Case> {
    let step = "ray-down";
    vec![
        Case::good(step, "all of Ray's processes stopped in time", |text| {
            lines(text, |line| {
                (!line.contains("Stopped only") && !line.contains("You can also use"))
                    .then(|| line.to_owned())
            })
        }),
        Case::good(step, "the nodes took a while", |text| {
            swap(
                text,
                "0 nodes remaining after 5 second(s).",
                "2 nodes remaining after 1 second(s).\n1 nodes remaining after 6 second(s).\n0 nodes remaining after 11 second(s).",
            )
        }),
        Case::good(step, "one node alone", |text| {
            lines(text, |line| {
                (!line.contains("node1: Terminating"))
                    .then(|| line.replace("Requested 2 nodes", "Requested 1 nodes"))
            })
        }),
        Case::good(step, "the webserver had been stopped before", |text| {
            let end = text.find("Requesting webserver").unwrap_or(text.len());
            format!("{}The webserver is not running\n", &text[..end])
        }),
    ]
}
