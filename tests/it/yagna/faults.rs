//! What goes wrong on purpose, as a requestor sees it at yagna's API.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::python_env;
use super::client::Authorized;
use super::localnet::{Localnet, Service};
use super::pretended::{CLOSING, DYING};

/// A localnet with these faults, and its API.
fn suffering(faults: &[&str]) -> (Localnet, Service, Authorized) {
    let localnet = Localnet::suffering(faults);
    let key = localnet.app_key();
    let service = localnet.service_run();
    let api = service.api.with_key(&key);
    (localnet, service, api)
}

/// A network, and a script that starts a node in it.
struct Network(String);

impl Network {
    fn new(api: &Authorized) -> Self {
        let (_, network) = api.post("/net-api/v1/net", &json!({"ip": "192.168.0.1/16"}));
        Self(network["id"].as_str().unwrap().to_owned())
    }

    fn deploy(&self) -> Value {
        let net = json!({"id": self.0, "mask": "255.255.0.0", "nodeIp": "192.168.0.3"});
        json!([{"deploy": {"net": [net]}}, {"start": {}}])
    }

    /// The status of a connection to a port of the node.
    fn port(&self, api: &Authorized, port: u16) -> u16 {
        self.connect(api, port).0
    }

    fn connect(&self, api: &Authorized, port: u16) -> (u16, BufReader<TcpStream>) {
        api.upgrade(&format!("/net-api/v1/net/{}/tcp/192.168.0.3/{port}", self.0))
    }
}

/// Looks until it is so.
fn becomes(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not after 20 s: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn with_no_offers_a_demand_hears_nothing() {
    let (_localnet, _service, api) = suffering(&["no_offers"]);
    let (demand, _) = api.demand();
    assert_eq!(api.get(&format!("{demand}/events?timeout=0.2&maxEvents=10")), (200, json!([])));
}

#[test]
fn rejected_proposals_bear_a_busy_providers_words() {
    let (_localnet, _service, api) = suffering(&["proposals_rejected"]);
    let (demand, body) = api.demand();
    let event = api.counter(&demand, &body);
    assert_eq!(event["eventType"], "ProposalRejectedEvent");
    assert_eq!(event["reason"]["message"], "No capacity available. Reached Agreements limit: 1");
}

#[test]
fn a_rejected_agreement_is_gone_and_no_activity_comes_of_it() {
    let (_localnet, _service, api) = suffering(&["agreements_rejected"]);
    let agreement = api.agreement();
    let wait = format!("/market-api/v1/agreements/{agreement}/wait?timeout=5");
    assert_eq!(api.post(&wait, &Value::Null).0, 410);
    assert!(api.post("/activity-api/v1/activity", &json!(agreement)).0 >= 400);
}

#[test]
fn a_deployment_that_fails_says_so_at_once() {
    let (_localnet, _service, api) = suffering(&["deploy_fails"]);
    let results = api.exec(&api.activity(), &Network::new(&api).deploy());
    assert_eq!((results.len(), &results[0]["result"]), (1, &json!("Error")));
}

#[test]
fn a_deployment_that_hangs_ends_with_the_requestors_patience() {
    let (_localnet, _service, api) = suffering(&["deploy_hangs"]);
    let activity = api.activity();
    let (_, batch) =
        api.post(&format!("{activity}/exec"), &json!({"text": Network::new(&api).deploy().to_string()}));
    let results = format!("{activity}/exec/{}", batch.as_str().unwrap());
    assert_eq!(api.get(&format!("{results}?timeout=0.3")).1, json!([]));
    assert_eq!(api.delete(&activity), 200);
    becomes("the batch has ended", || api.get(&format!("{results}?timeout=1")).1[0]["result"] == "Error");
}

#[test]
fn where_ssh_never_comes_up_other_ports_do() {
    let (_localnet, _service, api) = suffering(&["ssh_never_up"]);
    let network = Network::new(&api);
    api.exec(&api.activity(), &network.deploy());
    assert_eq!(network.port(&api, 22), 504, "refused before the upgrade");
    assert_eq!(network.port(&api, 6379), 101);
}

#[test]
fn a_node_that_is_killed_at_a_step_is_gone_with_its_connections() {
    let (localnet, _service, api) = suffering(&["nodes={what: killed, at: ray-submit}"]);
    let network = Network::new(&api);
    let agreement = api.agreement();
    let activity = api.activity_under(&agreement);
    api.exec(&activity, &network.deploy());
    localnet.enter_step("ray-up");
    assert_eq!(api.get(&format!("{activity}/state")).1["state"][0], "Ready");
    localnet.enter_step("ray-submit");
    becomes("the node is dead", || api.get(&format!("{activity}/state")).1["state"][0] == "Terminated");
    assert_eq!(network.port(&api, 22), 504);
    let terminate = format!("/market-api/v1/agreements/{agreement}/terminate");
    assert_eq!(api.post(&terminate, &json!({"message": ""})).0, 200);
    api.exec(&api.activity(), &network.deploy());
    localnet.enter_step("ray-submit");
    assert_eq!(network.port(&api, 22), 101, "it happens once");
}

#[test]
fn a_node_without_its_vpn_lives_on_and_cannot_be_reached() {
    let (_localnet, _service, api) = suffering(&["nodes={what: unreachable, after: 1}"]);
    let (network, activity) = (Network::new(&api), api.activity());
    api.exec(&activity, &network.deploy());
    let (status, mut open) = network.connect(&api, 22);
    assert_eq!(status, 101);
    // What was open is cut: the read ends.
    let _ = open.read_to_end(&mut Vec::new());
    assert_eq!(network.port(&api, 22), 504);
    assert_eq!(api.get(&format!("{activity}/state")).1["state"][0], "Ready");
}

#[test]
fn the_connections_of_a_node_that_dies_are_reset() {
    let (_localnet, _service, api) = suffering(&[]);
    let network = Network::new(&api);
    let end = |port| {
        api.exec(&api.activity(), &network.deploy());
        let (status, mut open) = network.connect(&api, port);
        assert_eq!(status, 101, "{port}");
        let mut bytes = Vec::new();
        let end = open.read_to_end(&mut bytes).map(drop).map_err(|error| error.kind());
        (bytes, end)
    };
    let orderly = (vec![0x88, 0], Ok(()));
    assert_eq!(end(CLOSING), orderly, "a program that closes is told by a closing frame");
    let reset = (Vec::new(), Err(ErrorKind::ConnectionReset));
    assert_eq!(end(DYING), reset, "its sshd died first, and the node a moment later");
}

/// The real one, which takes nothing else than a reset for an end; ssh waits as long as it does.
struct Websocat(Child);

impl Websocat {
    /// Leads to a port of the node.
    fn to(port: u16, network: &Network, localnet: &Localnet, service: &Service) -> Self {
        let (key, address) = (localnet.app_key(), service.api.address());
        let url = format!("ws://{address}/net-api/v1/net/{}/tcp/192.168.0.3/{port}", network.0);
        let mut websocat = Command::new(python_env::environment().join("bin/websocat"));
        websocat.args(["asyncstdio:", &url, "--binary", &format!("-H=Authorization:Bearer {key}")]);
        websocat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut websocat = websocat.spawn().unwrap();
        websocat.stdin.as_mut().unwrap().write_all(b"SSH-2.0-x\r\n").unwrap();
        Self(websocat)
    }

    fn ends(mut self) {
        let begun = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(20) {
                self.0.kill().unwrap();
                panic!("websocat still waits");
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn websocat_ends_with_the_node_that_it_leads_to() {
    let (localnet, service, api) = suffering(&[]);
    let network = Network::new(&api);
    api.exec(&api.activity(), &network.deploy());
    Websocat::to(DYING, &network, &localnet, &service).ends();
}

#[test]
fn websocat_ends_with_the_vpn_that_it_leads_through() {
    let (localnet, service, api) = suffering(&["nodes={what: unreachable, at: ray-submit}"]);
    let network = Network::new(&api);
    api.exec(&api.activity(), &network.deploy());
    let mut websocat = Websocat::to(22, &network, &localnet, &service);
    let mut echo = [0; 11];
    websocat.0.stdout.as_mut().unwrap().read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"SSH-2.0-x\r\n", "it is connected");
    localnet.enter_step("ray-submit");
    websocat.ends();
}

#[test]
fn an_exhausted_budget_pays_for_nothing_and_the_provider_leaves() {
    let (localnet, _service, api) = suffering(&["budget_exhausted"]);
    let request = json!({"paymentPlatform": "erc20-holesky-tglm", "totalAmount": "5", "spentAmount": "",
        "remainingAmount": "", "timestamp": "2026-01-01T00:00:00Z", "makeDeposit": false, "allocationId": ""});
    let (_, allocation) = api.post("/payment-api/v1/allocations", &request);
    assert_eq!(allocation["remainingAmount"], "0");
    api.exec(&api.activity(), &Network::new(&api).deploy());
    let events = "/payment-api/v1/debitNoteEvents?timeout=5&appSessionId=s1";
    let note = api.get(events).1[0]["debitNoteId"].as_str().unwrap().to_owned();
    let note = format!("/payment-api/v1/debitNotes/{note}");
    let due = api.get(&note).1["totalAmountDue"].clone();
    let acceptance = json!({"totalAmountAccepted": due, "allocationId": allocation["allocationId"]});
    let (status, refusal) = api.post(&format!("{note}/accept"), &acceptance);
    let wanted = format!("Not enough funds. Allocated: 0 Needed: {}", due.as_str().unwrap());
    assert_eq!((status, refusal["message"].as_str().unwrap()), (400, wanted.as_str()));
    becomes("the agreement has ended", || localnet.yagna.status().agreements[0].state == "Terminated");
}

#[test]
fn a_clock_that_is_years_ahead_gets_no_agreement() {
    let (_localnet, _service, api) = suffering(&["clock_ahead=400000000"]);
    let (demand, body) = api.demand();
    let reason = api.counter(&demand, &body)["reason"]["message"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("Proposal expires at: ") && reason.contains("or more than"), "{reason}");
}
