//! A cluster of eight nodes on one machine.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::localnet::{FILE, Localnet};
use crate::{PROGRAM, project, seconds, timed};

const WORKERS: usize = 7;

/// Waits until all nodes are there, then has each of them say its address; the tasks are long enough to be spread.
const JOB: &str = r#"import socket, sys, time
import ray

ray.init()
wanted, deadline = int(sys.argv[1]), time.time() + 400
while sum(node["Alive"] for node in ray.nodes()) < wanted and time.time() < deadline:
    time.sleep(0.5)
print("ALIVE", sum(node["Alive"] for node in ray.nodes()), flush=True)


@ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
def where():
    time.sleep(1)
    return socket.gethostbyname(socket.gethostname())


seen = set()
while len(seen) < wanted and time.time() < deadline:
    seen |= set(ray.get([where.remote() for _ in range(2 * wanted)]))
print("WORKED", len(seen), *sorted(seen))
"#;

pub fn section(folder: &Path) -> String {
    let project = project::example(folder);
    let yaml = std::fs::read_to_string(project.join(FILE)).expect("a cluster file");
    let yaml = yaml
        .replace("max_workers: 1", &format!("max_workers: {WORKERS}"))
        .replace("min_workers: 1", &format!("min_workers: {WORKERS}"));
    std::fs::write(project.join(FILE), yaml).expect("a cluster file");
    std::fs::write(project.join("where.py"), JOB).expect("a script");
    let localnet = Localnet::up(Path::new(PROGRAM), project, &[]);
    let begun = Instant::now();
    let (up, took) = timed(|| localnet.inside(&["ray", "up", FILE, "--yes"], Duration::from_secs(300)));
    assert!(up.ok, "ray up failed");
    let nodes = (WORKERS + 1).to_string();
    let submitted = begun.elapsed();
    let ran = localnet.inside(&["ray", "submit", FILE, "where.py", &nodes], Duration::from_secs(500));
    assert!(ran.ok && ran.has(&format!("ALIVE {nodes}")), "not all nodes came: {:#?}", ran.lines);
    assert!(ran.has(&format!("WORKED {nodes} ")), "not all nodes worked: {:#?}", ran.lines);
    let all = submitted + ran.at("ALIVE ").unwrap_or_default();
    let status = localnet.status();
    let alive = status["market"]["activities"].as_array().expect("a list").iter();
    let alive = alive.filter(|activity| activity["alive"] == true).count();
    assert_eq!(alive, WORKERS + 1, "every node is an activity");
    let down = localnet.inside(&["ray", "down", FILE, "--yes"], Duration::from_secs(120));
    assert!(down.ok, "ray down failed");
    localnet.down();
    format!(
        "## Eight nodes\n\n`ray up` took {}; {} after its start all {nodes} nodes were in the cluster, and each of them did a \
         part of the job.\n\n",
        seconds(took),
        seconds(all),
    )
}
