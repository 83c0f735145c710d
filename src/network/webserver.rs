//! What ray-on-golem's webserver knows of the cluster, where it listens on this machine's loopback.
//!
//! `POST /cluster_data` answers with every node's state, tags and address (`ray_on_golem/server/views.py`). Ray sets
//! the tag `ray-node-status` to `up-to-date` once it has been started on a node.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct ClusterData {
    cluster_data: BTreeMap<String, NodeData>,
}

#[derive(Deserialize)]
struct NodeData {
    state: String,
    tags: BTreeMap<String, String>,
    internal_ip: Option<String>,
}

/// Addresses of the nodes on which Ray runs; `None` when the webserver does not answer.
pub fn ready_nodes(cluster_name: &str) -> Option<Vec<String>> {
    ready(nodes(4578, cluster_name)?)
}

/// Nodes that are rented now or about to be, for people; none when no webserver answers.
pub fn rented_nodes(port: u16, cluster_name: &str) -> Vec<String> {
    nodes(port, cluster_name).map(rented).unwrap_or_default()
}

fn nodes(port: u16, cluster_name: &str) -> Option<BTreeMap<String, NodeData>> {
    let body = serde_json::json!({ "cluster_name": cluster_name }).to_string();
    parse(&post(port, "/cluster_data", &body).ok()?)
}

fn post(port: u16, path: &str, body: &str) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0, so that the answer is not chunked and ends with the connection.
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &str) -> Option<BTreeMap<String, NodeData>> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if !head.lines().next()?.contains(" 200 ") {
        return None;
    }
    serde_json::from_str::<ClusterData>(body).ok().map(|data| data.cluster_data)
}

fn ready(nodes: BTreeMap<String, NodeData>) -> Option<Vec<String>> {
    let ready = |node: &NodeData| {
        node.state == "running"
            && node.tags.get("ray-node-status").is_some_and(|status| status == "up-to-date")
    };
    Some(nodes.into_values().filter(ready).filter_map(|node| node.internal_ip).collect())
}

/// Ended nodes stay in the list (`server/cluster/cluster.py`).
fn rented(nodes: BTreeMap<String, NodeData>) -> Vec<String> {
    let nodes = nodes.into_iter().filter(|(_, node)| node.state != "terminated");
    nodes.map(|(id, node)| format!("{id} ({})", node.internal_ip.unwrap_or(node.state))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_count_once_ray_runs_on_them() {
        let answer = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"cluster_data\": {\
            \"node0\": {\"node_id\": \"node0\", \"state\": \"running\", \"internal_ip\": \"192.168.0.3\", \
                \"tags\": {\"ray-node-status\": \"up-to-date\"}, \"state_log\": []},\
            \"node1\": {\"node_id\": \"node1\", \"state\": \"running\", \"internal_ip\": \"192.168.0.4\", \
                \"tags\": {\"ray-node-status\": \"setting-up\"}, \"state_log\": []},\
            \"node2\": {\"node_id\": \"node2\", \"state\": \"pending\", \"internal_ip\": null, \
                \"tags\": {}, \"state_log\": []},\
            \"node3\": {\"node_id\": \"node3\", \"state\": \"terminated\", \"internal_ip\": \"192.168.0.5\", \
                \"tags\": {}, \"state_log\": []}}}";
        assert_eq!(ready(parse(answer).unwrap()), Some(vec!["192.168.0.3".into()]));
        let rented = rented(parse(answer).unwrap());
        assert_eq!(rented, ["node0 (192.168.0.3)", "node1 (192.168.0.4)", "node2 (pending)"]);
    }

    #[test]
    fn an_error_tells_nothing() {
        assert!(parse("HTTP/1.0 500 Internal Server Error\r\n\r\n{}").is_none());
        assert!(parse("").is_none());
    }
}
