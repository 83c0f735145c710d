//! Processes of a localnet that somebody, or a machine without memory, kills: all else ends, and the log says why.

use super::*;
use golem_outbound::exec::descendants::descendants;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The child of init, which does the work of the sandbox.
fn supervisor(state: &State) -> i32 {
    let name = |pid: i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let below = descendants(state.init.pid).into_iter().map(|process| process.pid);
    below.into_iter().find(|pid| name(*pid) == "supervisor\n").expect("init has a supervisor")
}

#[test]
fn sigkill_of_any_process_above_the_nodes_ends_everything_and_is_logged() {
    for_every_user(|bench| {
        let victims: [fn(&State) -> i32; 3] = [supervisor, |state| state.init.pid, |state| state.stage.pid];
        for victim in victims {
            let state = bench.up();
            let exec = bench.localnet("exec", &["--", "sh", "-c", "echo ready; cat"]);
            let sleeper = start_and_hear(exec, "ready");
            let processes = [state.keeper, state.stage, state.init].map(|process| process.open().unwrap());
            kill(Pid::from_raw(victim(&state)), Signal::SIGKILL).unwrap();
            processes.iter().for_each(assert_ends);
            assert!(
                !sleeper.wait_with_output().unwrap().status.success(),
                "a command in it has not ended well"
            );
            bench.assert_nothing_left();
            let log = fs::read_to_string(bench.dir().join("log/localnet.log")).unwrap();
            assert!(log.contains("the localnet has ended by itself: killed by SIGKILL"), "{log}");
            let told = bench.localnet("status", &[]).output().unwrap();
            assert_eq!(text(&told.stdout).lines().next(), Some("localnet    down"), "{}", text(&told.stderr));
        }
        assert!(bench.exec(&["true"]).status.code() == Some(2), "nothing runs, and that is said");
        bench.up();
    });
}

/// Rents a node as a requestor does, kills the process that it is told to, and says what becomes of the activity.
const RENT_AND_KILL: &str = r#"
import json, os, signal, subprocess, sys, time, urllib.request
yagna = os.environ["YAGNA_PATH"]
service = subprocess.Popen([yagna, "service", "run"], stdout=subprocess.PIPE, text=True)
while "http://" not in service.stdout.readline(): pass
key = json.loads(subprocess.check_output([yagna, "app-key", "create", "kill", "--json"]))

def call(method, path, body=None):
    request = urllib.request.Request("http://127.0.0.1:7465" + path, method=method)
    request.add_header("Authorization", "Bearer " + key)
    request.add_header("Content-Type", "application/json")
    request.data = None if body is None else json.dumps(body).encode()
    answer = urllib.request.urlopen(request, timeout=20).read()
    return json.loads(answer) if answer else None

terms = {"constraints": "(golem.runtime.name=vm)", "properties": {
    "golem.node.debug.subnet": "ray-on-golem-heads",
    "golem.srv.comp.expiration": int(time.time() * 1000) + 1200000,
    "golem.com.payment.chosen-platform": "erc20-holesky-tglm"}}
demand = "/market-api/v1/demands/" + call("POST", "/market-api/v1/demands", terms)
event = lambda: call("GET", demand + "/events?timeout=10&maxEvents=1")[0]["proposal"]["proposalId"]
call("POST", demand + "/proposals/" + event(), terms)
while (draft := call("GET", demand + "/events?timeout=10&maxEvents=1")[0]["proposal"])["state"] != "Draft": pass
draft = {"proposalId": draft["proposalId"], "validTo": "2100-01-01T00:00:00Z"}
agreement = call("POST", "/market-api/v1/agreements", draft)
call("POST", f"/market-api/v1/agreements/{agreement}/confirm")
call("POST", f"/market-api/v1/agreements/{agreement}/wait?timeout=10")
activity = "/activity-api/v1/activity/" + call("POST", "/activity-api/v1/activity", agreement)
net = call("POST", "/net-api/v1/net", {"ip": "192.168.0.1/16"})["id"]

def batch(*commands):
    batch = call("POST", activity + "/exec", {"text": json.dumps(commands)})
    return call("GET", f"{activity}/exec/{batch}?timeout=20")[-1]

place = {"id": net, "mask": "255.255.0.0", "nodeIp": "192.168.0.3"}
started = batch({"deploy": {"net": [place]}}, {"start": {}}, {"run": {"entry_point": "/bin/echo", "args": ["hi"]}})
assert (started["result"], started["stdout"]) == ("Ok", "hi\n"), started

def of_the_node():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if b"\0--plan\0" in open(f"/proc/{pid}/cmdline", "rb").read():
                yield int(pid), open(f"/proc/{pid}/comm").read().strip()
        except FileNotFoundError:
            pass

os.kill(next(pid for pid, name in of_the_node() if name == sys.argv[1]), signal.SIGKILL)
deadline = time.time() + 20
while call("GET", activity + "/state")["state"][0] != "Terminated" or list(of_the_node()):
    assert time.time() < deadline, (call("GET", activity + "/state"), list(of_the_node()))
print(batch({"run": {"entry_point": "/bin/echo", "args": ["hi"]}})["message"])
call("POST", f"/market-api/v1/agreements/{agreement}/terminate", {"message": "its node is gone"})
service.kill()
"#;

#[test]
fn a_node_that_is_killed_ends_its_activity_and_nothing_else_and_is_logged() {
    for_every_user(|bench| {
        bench.up();
        for victim in ["agent", "init"] {
            let output = bench.exec(&["python3", "-c", RENT_AND_KILL, victim]);
            let said = text(&output.stdout);
            assert!(output.status.success(), "{said}{}", text(&output.stderr));
            assert!(said.contains("the node has ended") || said.contains("failed to ask"), "{said}");
        }
        let log = fs::read_to_string(bench.dir().join("log/localnet.log")).unwrap();
        let told = log.lines().filter(|line| {
            line.contains("the node 192.168.0.3 of `")
                && line.contains("` has ended by itself: killed by SIGKILL")
        });
        assert_eq!(told.count(), 2, "{log}");
        assert!(bench.exec(&["true"]).status.success(), "the localnet lives on");
    });
}
