//! Outputs of steps that did not do their work, though many look as if they had.

use super::{Case, STEPS, after, cut, lines, recorded, swap};

const SENTENCE: &str = "Ray on Golem rocks!";
const DOWNLOADING: [&str; 2] = ["run-local", "ray-submit"];

pub fn cases() -> Vec<Case> {
    let mut all = everywhere();
    all.extend(downloads());
    all.extend(on_the_cluster());
    all.extend(market());
    all.extend(start());
    all.extend(refusals());
    all.extend(endings());
    all
}

/// What may befall any step.
fn everywhere() -> Vec<Case> {
    let mut all = Vec::new();
    for step in STEPS {
        all.push(Case::bad(step, "nothing was printed", |_| String::new()));
        all.push(
            Case::bad(step, "the program is not there", |_| "sh: 1: ray: command not found\n".into())
                .exit(127),
        );
        all.push(
            Case::bad(step, "all was printed, and then it failed", |text| {
                format!("{text}Segmentation fault (core dumped)\n")
            })
            .exit(139),
        );
        for percent in [10, 25, 40] {
            all.push(Case::bad(
                step,
                format!("cut off after {percent} %, and nobody noticed"),
                move |text| cut(text, percent),
            ));
        }
        all.push(Case::bad(step, "the output of another step", move |_| {
            recorded(if step == "ray-down" { "network-stats" } else { "ray-down" }).to_owned()
        }));
    }
    all
}

/// The rows, and what else is printed.
fn row(text: &str, number: usize, change: impl Fn(&str) -> Option<String>) -> String {
    let mut count = 0;
    lines(text, |line| {
        if !line.contains("DOWNLOAD {") {
            return Some(line.to_owned());
        }
        count += 1;
        if count == number { change(line) } else { Some(line.to_owned()) }
    })
}

fn failed(line: &str, error: &str) -> String {
    let line = swap(line, "\"ok\": true, \"error\": null", &format!("\"ok\": false, \"error\": \"{error}\""));
    swap(&line, "\"verified\": \"cid\"", "\"verified\": null")
}

fn downloads() -> Vec<Case> {
    let mut all = Vec::new();
    for step in DOWNLOADING {
        for number in [1, 4, 6, 9, 12] {
            all.push(Case::bad(step, format!("the row of download {number} is missing"), move |text| {
                row(text, number, |_| None)
            }));
            all.push(Case::bad(step, format!("download {number} was not verified"), move |text| {
                row(text, number, |line| Some(swap(line, "\"verified\": \"cid\"", "\"verified\": null")))
            }));
        }
        for (number, error) in [
            (2, "HTTP 404"),
            (5, "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))"),
            (7, "wrong content: its sha256 is 00ff, expected 11aa"),
            (8, "HTTP 504"),
            (11, "Read timed out. (read timeout=30)"),
        ] {
            let change = move |text: &str| row(text, number, |line| Some(failed(line, error)));
            all.push(
                Case::bad(step, format!("download {number} failed: {error}"), move |text| {
                    swap(&change(text), SENTENCE, "Ray on Golem ro?ks!")
                })
                .exit(1),
            );
            all.push(Case::bad(
                step,
                format!("download {number} failed, but the script ended with 0: {error}"),
                change,
            ));
        }
        all.push(Case::bad(step, "every download failed", |text| {
            let none = lines(text, |line| {
                Some(if line.contains("DOWNLOAD {") {
                    failed(line, "Name or service not known")
                } else {
                    line.to_owned()
                })
            });
            swap(&none, SENTENCE, "????????????")
        }));
        all.push(Case::bad(step, "no sentence", |text| swap(text, &format!("{SENTENCE}\n"), "")));
        all.push(Case::bad(step, "a gap in the sentence", |text| swap(text, SENTENCE, "Ray on? rocks!")));
        all.push(Case::bad(step, "the sentence in another order", |text| {
            swap(text, SENTENCE, "Golem on Ray rocks!")
        }));
        all.push(Case::bad(step, "the sentence without its end", |text| {
            swap(text, SENTENCE, "Ray on Golem rocks")
        }));
        all.push(Case::bad(step, "somebody only talks of the sentence", |text| {
            swap(text, SENTENCE, "AssertionError: expected 'Ray on Golem rocks!', got ''")
        }));
        all.push(Case::bad(step, "the sentence alone: the script prints it and downloads nothing", |_| {
            format!("{SENTENCE}\n")
        }));
        all.push(Case::bad(step, "rows of the walk before, of other URLs", |text| {
            swap(text, "https://ipfs.io/ipfs/", "https://ipfs.io/ipfs/old-")
        }));
        all.push(Case::bad(step, "a download that nobody asked for", |text| {
            let foreign = "DOWNLOAD {\"url\": \"https://ipfs.io/ipfs/bafkqaaa\", \"ok\": true, \"error\": null, \"bytes\": 1, \"verified\": \"cid\", \"attempts\": 1, \"node\": \"192.168.0.3\"}";
            after(text, "DOWNLOAD {", foreign)
        }));
        all.push(Case::bad(step, "a row came twice, and another one not", |text| {
            let first = text.lines().find(|line| line.contains("DOWNLOAD {")).unwrap_or_default().to_owned();
            row(text, 3, |_| Some(format!("{first}\n")))
        }));
        all.push(Case::bad(step, "a torn row", |text| {
            row(text, 10, |line| Some(format!("{}\n", cut(line, 60))))
        }));
        all.push(Case::bad(step, "the script failed before the rows", |text| {
            let head: String = text.split_inclusive('\n').take_while(|line| !line.contains("DOWNLOAD {")).collect();
            format!("{head}Traceback (most recent call last):\n  File \"simple-outbound.py\", line 82, in main\nray.exceptions.RayTaskError: ray::download()\nModuleNotFoundError: No module named 'requests'\n")
        }).exit(1));
        all.push(Case::bad(step, "a Traceback in the middle, and no sentence after it", |text| {
            let end = text.find(SENTENCE).unwrap_or(0);
            format!("{}Traceback (most recent call last):\nray.exceptions.WorkerCrashedError: The worker died unexpectedly\n", &text[..end])
        }));
        all.push(Case::bad(step, "cut off before the last rows", |text| cut(text, 80)));
    }
    all
}

fn on_the_cluster() -> Vec<Case> {
    let step = "ray-submit";
    vec![
        Case::bad(step, "it ran on the laptop, not on the cluster", |text| swap(text, "\"node\": \"192.168.0.3\"", "\"node\": \"127.0.0.1\"")),
        Case::bad(step, "one of the downloads ran on the laptop", |text| {
            row(text, 6, |line| Some(swap(line, "\"node\": \"192.168.0.3\"", "\"node\": \"127.0.0.1\"")))
        }),
        Case::bad(step, "nodes of a cluster that is gone", ToOwned::to_owned).nodes(&["192.168.0.9", "192.168.0.10"]),
        Case::bad(step, "the cluster is gone", ToOwned::to_owned).nodes(&[]),
        Case::bad(step, "the connection to the head broke", |text| {
            let head = cut(text, 55);
            format!("{head}\nclient_loop: send disconnect: Broken pipe\nShared connection to 192.168.0.3 closed.\nError: Command failed:\n")
        }).exit(1),
        Case::bad(step, "no head node", |_| {
            "2026-11-28 12:39:27,351\tINFO util.py:375 -- setting max workers for head node type to 0\nRuntimeError: Head node of cluster (golem-cluster) not found!\n".into()
        }).exit(1),
        Case::bad(step, "no row says who fetched", |text| swap(text, ", \"node\": \"192.168.0.3\"", "")),
    ]
}

fn market() -> Vec<Case> {
    let step = "network-stats";
    vec![
        Case::bad(step, "nobody agrees", |text| swap(text, "Negotiated successfully: 10", "Negotiated successfully: 0")),
        Case::bad(step, "the last count is missing", |text| swap(text, "Negotiated successfully: 10\n", "")),
        Case::bad(step, "the market said nothing", |_| "Gathering stats data for 1 minutes for `ray.head.default`...\nGathering stats data done\n\nProposals count:\nInitial: 0\n".into()),
        Case::bad(step, "more agree than were asked", |text| swap(text, "Negotiated successfully: 10", "Negotiated successfully: 40")),
        Case::bad(step, "counts that rise in the middle", |text| swap(text, "Not blacklisted: 22", "Not blacklisted: 23")),
        Case::bad(step, "no table", |text| text.split("Proposals count:").next().unwrap_or_default().to_owned()),
        Case::bad(step, "a count that is no number", |text| swap(text, "Negotiated successfully: 10", "Negotiated successfully: many")),
        Case::bad(step, "yagna is not running", |_| {
            "Gathering stats data for 1 minutes for `ray.head.default`...\nTraceback (most recent call last):\n  File \"network_stats.py\", line 88, in run\naiohttp.client_exceptions.ClientConnectorError: Cannot connect to host 127.0.0.1:7465 ssl:default [Connect call failed ('127.0.0.1', 7465)]\n".into()
        }).exit(1),
        Case::bad(step, "nobody agrees, and the reason talks of success", |text| {
            let none = swap(text, "Negotiated successfully: 10", "Negotiated successfully: 0");
            format!("{none}Not all were Negotiated successfully: 12\n")
        }),
        Case::bad(step, "a good table of yesterday, then one in which nobody agrees", |text| {
            format!("{text}\n{}", swap(text, "Negotiated successfully: 10", "Negotiated successfully: 0"))
        }),
    ]
}

fn start() -> Vec<Case> {
    let step = "ray-up";
    let mut all = Vec::new();
    for state in 1..=9 {
        all.push(Case::bad(step, format!("state {state} of 9 was never reported"), move |text| {
            let mark = format!("[{state}/9]");
            lines(text, |line| (!line.contains(&mark)).then(|| line.to_owned()))
        }));
    }
    all.extend([
        Case::bad(step, "the worker never came", ToOwned::to_owned).nodes(&["192.168.0.3"]),
        Case::bad(step, "no node is up any more", ToOwned::to_owned).nodes(&[]),
        Case::bad(step, "Ray did not start on the head", |text| {
            let end = text.find("Local node IP").unwrap_or(0);
            format!("{}Traceback (most recent call last):\n  File \"/usr/local/bin/ray\", line 8, in <module>\nConnectionError: ray client connection timeout\n  New status: update-failed\n  !!!\n  SSH command failed.\n  !!!\n", &text[..end])
        }).exit(1),
        Case::bad(step, "Ray did not start on the head, and the code was lost", |text| {
            let end = text.find("Local node IP").unwrap_or(0);
            format!("{}  New status: update-failed\n  Failed to setup head node.\n", &text[..end])
        }).nodes(&["192.168.0.3"]),
        Case::bad(step, "no agreement", |text| {
            let end = text.find("             [2/9]").unwrap_or(0);
            format!("{}Aborted!\n", &text[..end])
        }).nodes(&[]),
        Case::bad(step, "the SSH connection never came", |text| {
            let end = text.find("      node0: [9/9]").unwrap_or(0);
            text[..end].to_owned()
        }).nodes(&[]),
        Case::bad(step, "not enough GLM", |_| {
            "Cluster: golem-cluster\n\nChecking External environment settings\nRay On Golem 0.13.0\n  You don't seem to have any GLM tokens on your Golem wallet.\n".into()
        }).exit(1).nodes(&[]),
        Case::bad(step, "the last lines are missing", |text| cut(text, 78)).nodes(&["192.168.0.3"]),
    ]);
    all
}

fn refusals() -> Vec<Case> {
    let step = "blocked-url";
    let reset = "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))";
    let mut all: Vec<Case> = [
        ("a page came back: forbidden", "HTTP 403"),
        ("a page came back: not found", "HTTP 404"),
        ("a gateway answered", "HTTP 502"),
        ("a redirect came back", "redirect refused: declare https://www.example.com in outbound_urls"),
        ("the content came, and was wrong", "wrong content: its sha256 is 00ff, expected 11aa"),
        ("a server with another certificate answered", "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)')))"),
        ("a proxy answered", "HTTPSConnectionPool(host='example.com', port=443): Max retries exceeded with url: / (Caused by ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden')))"),
        ("the script has a mistake", "name 'requsts' is not defined"),
    ]
    .map(|(why, error)| Case::bad(step, why, move |text| swap(text, reset, error)))
    .into();
    let reached = |text: &str| {
        let text = swap(text, "\"ok\": false", "\"ok\": true");
        let text = swap(
            &text,
            &format!("\"{reset}\", \"bytes\": 0, \"verified\": null, \"attempts\": 3"),
            "null, \"bytes\": 1256, \"verified\": null, \"attempts\": 1",
        );
        swap(&text, "https://example.com/: ?", "https://example.com/: <!doctype html>")
    };
    all.extend([
        Case::bad(step, "the foreign host was reached", reached),
        Case::bad(step, "the foreign host was reached, and the script ended well", reached).exit(0),
        Case::bad(step, "refused, but the script ended well", ToOwned::to_owned).exit(0),
        Case::bad(step, "nothing works at all", |text| {
            row(text, 2, |line| {
                Some(failed(
                    line,
                    "Failed to resolve 'ipfs.io' ([Errno -3] Temporary failure in name resolution)",
                ))
            })
        }),
        Case::bad(step, "the foreign host was not tried", |text| row(text, 1, |_| None)),
        Case::bad(step, "the allowed host was not tried", |text| row(text, 2, |_| None)),
        Case::bad(step, "the allowed one was not verified", |text| {
            swap(text, "\"verified\": \"cid\"", "\"verified\": null")
        }),
        Case::bad(step, "it ran on the laptop, whose firewall refused", |text| {
            lines(text, |line| {
                Some(if line.contains("DOWNLOAD {") {
                    line.replace("192.168.0.3", "127.0.0.1").replace("192.168.0.4", "127.0.0.1")
                } else {
                    line.to_owned()
                })
            })
        }),
        Case::bad(step, "another host was refused", |text| {
            swap(text, "https://example.com/", "https://example.org/")
        }),
    ]);
    all
}

fn endings() -> Vec<Case> {
    let step = "ray-down";
    let with = |why: &str, busy: &[(u16, &str)], processes: &[&str]| {
        let case = Case::bad(step, why, ToOwned::to_owned);
        Case {
            busy_ports: busy.iter().map(|(port, holder)| (*port, (*holder).to_owned())).collect(),
            processes: processes.iter().map(|process| (*process).to_owned()).collect(),
            ..case
        }
    };
    vec![
        with("the webserver still holds its port", &[(4578, "`python3` (process 77: ray-on-golem webserver)")], &[]),
        with("yagna still runs", &[(7465, "`yagna` (process 78: yagna service run)")], &["yagna"]),
        with("a node runs on, of which a new webserver knows nothing", &[], &["node 192.168.0.4"]),
        with("a tunnel of ssh is left", &[(6379, "`ssh` (process 79: ssh -tt -i)")], &["ssh"]),
        Case::bad(step, "a node remained", |text| {
            swap(&swap(text, "0 nodes remaining after 5 second(s).", "1 nodes remaining after 180 second(s)."), "No nodes remaining.\n", "")
        }),
        Case::bad(step, "the wallet could not be asked, so nothing was ended", |_| {
            "Loaded cached provider configuration\nDestroying cluster. Confirm [y/N]: y [automatic, due to --yes]\nRay On Golem 0.13.0\nCouldn't get wallet status\n".into()
        }).exit(1),
        Case::bad(step, "somebody said no", |_| "Destroying cluster. Confirm [y/N]: n\nAborted!\n".into()).exit(1),
        Case::bad(step, "the webserver did not stop", |text| {
            let end = text.find("Webserver process stopped.").unwrap_or(0);
            format!("{}Webserver process is still running!\n", &text[..end])
        }).exit(1),
        Case::bad(step, "no cluster file", |_| "Error: Cluster configuration file golem-cluster.yaml does not exist.\n".into()).exit(1),
    ]
}
