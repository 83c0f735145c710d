//! yagna's command line and API as ray-on-golem meets them: the program under the name `yagna`, the control socket, and
//! the API on a loopback port, over a node that is a plain test double.

#[path = "yagna/client.rs"]
mod client;
#[path = "yagna/faults.rs"]
mod faults;
#[path = "yagna/hostile.rs"]
pub mod hostile;
#[path = "yagna/localnet.rs"]
pub mod localnet;
#[path = "yagna/pretended.rs"]
mod pretended;

use localnet::Localnet;
use serde_json::{Value, json};

const AGREED: &str = "/market-api/v1/agreements";

#[test]
fn the_command_line_answers_as_ray_on_golem_parses_it() {
    let localnet = Localnet::start();
    assert_eq!(localnet.yagna_json(&["app-key", "list", "--json"]), json!([]));
    let key = localnet.yagna_json(&["app-key", "create", "ray-on-golem", "--json"]);
    let list = localnet.yagna_json(&["app-key", "list", "--json"]);
    assert_eq!((&list[0]["name"], &list[0]["key"]), (&json!("ray-on-golem"), &key));
    let status = localnet.yagna_json(&["payment", "status", "--network", "polygon", "--json"]);
    assert_eq!((&status["amount"], &status["token"]), (&json!("1000"), &json!("GLM")));
    let people = localnet.yagna(&["payment", "status", "--network", "hoodi", "--driver", "erc20"]);
    let people = String::from_utf8(people.stdout).unwrap();
    assert!(people.contains("erc20-hoodi-tglm") && people.contains("simulated"), "{people}");
    assert_eq!(localnet.yagna_json(&["id", "list", "--json"])[0]["default"], true);
    assert_eq!(localnet.yagna(&["net", "status"]).status.code(), Some(1));
    assert_eq!(localnet.yagna(&["--version"]).status.code(), Some(0));
}

#[test]
fn the_api_is_open_while_a_service_runs_and_its_log_holds_no_key() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let mut service = localnet.service_run();
    assert_eq!(service.api.get("/", None).0, 401, "reachable");
    assert_eq!(service.api.get("/market-api/v1/demands", None).0, 401);
    assert_eq!(service.api.get("/market-api/v1/demands", Some("wrong")).0, 401);
    assert_eq!(service.api.get("/market-api/v1/demands", Some(&key)), (200, json!([])));
    assert_eq!(service.api.get("/market-api/v2/x", Some(&key)).0, 404);
    assert_eq!(localnet.yagna.status().unknown_routes, ["GET /market-api/v2/x"]);
    let second = localnet.yagna(&["service", "run"]);
    assert_eq!(second.status.code(), Some(1), "a second service is refused");
    let log = service.end();
    assert!(log.contains("simulated") && !log.contains(&key), "{log}");
    localnet.wait_until_closed();
}

#[test]
fn a_service_ends_with_the_process_that_started_it() {
    let localnet = Localnet::start();
    let mut parent = localnet.service_run_below_a_shell();
    parent.kill().unwrap();
    parent.wait().unwrap();
    localnet.wait_until_closed();
}

#[test]
fn a_node_is_bought_used_reached_and_paid() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let api = service.api.with_key(&key);

    let agreement = api.agreement();
    assert_eq!(api.post(&format!("{AGREED}/{agreement}/wait?timeout=5"), &Value::Null).0, 204);
    let (status, activity) = api.post("/activity-api/v1/activity?timeout=10.0", &json!(agreement));
    assert_eq!(status, 200);
    let activity = format!("/activity-api/v1/activity/{}", activity.as_str().unwrap());

    let (_, network) = api.post("/net-api/v1/net", &json!({"ip": "192.168.0.1/16"}));
    let network = network["id"].as_str().unwrap();
    let tcp = format!("/net-api/v1/net/{network}/tcp/192.168.0.3/22");
    assert_eq!(api.upgrade(&tcp).0, 504, "refused before the upgrade");

    let net = json!({"id": network, "ip": "192.168.0.0", "mask": "255.255.0.0", "nodeIp": "192.168.0.3", "nodes": {}});
    let results = api.exec(
        &activity,
        &json!([{"deploy": {"net": [net]}}, {"start": {}}, {"run": {"entry_point": "/bin/echo", "args": ["hi"]}}]),
    );
    let shown: Vec<_> = results.iter().map(|result| (&result["result"], &result["stdout"])).collect();
    assert_eq!(shown[2], (&json!("Ok"), &json!("/bin/echo hi")));
    assert_eq!(results[2]["isBatchFinished"], true);
    assert_eq!(api.get(&format!("{activity}/state")).1["state"], json!(["Ready", null]));

    let (status, socket) = api.upgrade(&tcp);
    assert_eq!(status, 101);
    assert_eq!(client::echoed(socket, b"SSH-2.0-x\r\n"), b"SSH-2.0-x\r\n");

    assert_eq!(api.delete(&activity), 200);
    assert_eq!(api.delete(&activity), 200, "clients end it more than once");
    assert_eq!(api.get(&format!("{activity}/state")).1["state"][0], "Terminated");
    let terminate = format!("{AGREED}/{agreement}/terminate");
    assert_eq!(api.post(&terminate, &json!({"message": ""})).0, 200);
    assert_eq!(api.post(&terminate, &json!({"message": ""})).0, 410);
    let (_, events) = api.get("/payment-api/v1/invoiceEvents?timeout=5&appSessionId=s1");
    assert_eq!(events[0]["eventType"], "InvoiceReceivedEvent");
    assert!(localnet.yagna.status().activities.iter().all(|activity| !activity.alive));
}

#[test]
fn a_program_that_fails_ends_its_batch() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let api = service.api.with_key(&key);
    let agreement = api.agreement();
    api.post(&format!("{AGREED}/{agreement}/wait?timeout=5"), &Value::Null);
    let (_, activity) = api.post("/activity-api/v1/activity", &json!(agreement));
    let activity = format!("/activity-api/v1/activity/{}", activity.as_str().unwrap());
    let net = json!({"id": "n", "mask": "255.255.0.0", "nodeIp": "192.168.0.3"});
    let results =
        api.exec(&activity, &json!([{"deploy": {"net": [net]}}, {"run": "exit 3"}, {"run": "never"}]));
    assert_eq!(results.len(), 2);
    assert_eq!(results[1]["result"], "Error");
    assert_eq!(results[1]["message"], "ExeScript command exited with code 3");
}
