//! `/net-api/v1`: VPNs, and raw TCP to a node through a websocket.
//!
//! May import `localnet::yagna`. Invariant: a node that cannot be reached is refused before the websocket's upgrade, and the
//! websockets of one that ends are reset; websocat, and ssh with it, would hang otherwise.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::super::Yagna;
use super::super::exchange::Refusal;
use super::super::line::Cut;
use super::super::net::{NewNetwork, parse_ip};
use super::extract::PlainBody;
use crate::localnet::exe_unit::Node;
use crate::localnet::market::provider::Fault;

/// ssh's port.
const SSH: u16 = 22;

/// How long after its program closed a connection a node may still turn out to be ending.
const BEFORE_GOODBYE: Duration = Duration::from_secs(2);

/// Bytes that are read from a node at once.
const CHUNK: usize = 64 * 1024;

pub(super) fn routes() -> Router<Yagna> {
    Router::new()
        .route("/net", post(create).get(networks))
        .route("/net/{network}", get(network).delete(remove))
        .route("/net/{network}/addresses", post(add_address).get(addresses))
        .route("/net/{network}/nodes", post(add_node).get(nodes))
        .route("/net/{network}/nodes/{node}", delete(remove_node))
        .route("/net/{network}/tcp/{ip}/{port}", get(connect))
}

#[derive(Deserialize)]
struct Address {
    ip: String,
}

#[derive(Deserialize)]
struct NewNode {
    id: String,
    ip: String,
}

async fn create(
    State(yagna): State<Yagna>,
    PlainBody(body): PlainBody<NewNetwork>,
) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| state.networks.create(&body)).map(Json)
}

async fn networks(State(yagna): State<Yagna>) -> Json<Value> {
    Json(yagna.state().networks.0.values().map(|network| network.body.clone()).collect())
}

async fn network(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(yagna.state().networks.network(&id)?.body.clone()))
}

async fn remove(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| {
        state.networks.network(&id)?;
        state.networks.0.remove(&id);
        Ok(Json(Value::Null))
    })
}

async fn add_address(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    PlainBody(body): PlainBody<Address>,
) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| state.networks.network(&id)?.add_address(&body.ip))?;
    Ok(Json(Value::Null))
}

async fn addresses(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let mut state = yagna.state();
    Ok(Json(state.networks.network(&id)?.addresses.iter().map(|ip| json!({"ip": ip})).collect()))
}

async fn add_node(
    State(yagna): State<Yagna>,
    Path(network): Path<String>,
    PlainBody(body): PlainBody<NewNode>,
) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| state.networks.network(&network)?.add_node(body.id, &body.ip))?;
    Ok(Json(Value::Null))
}

async fn nodes(State(yagna): State<Yagna>, Path(network): Path<String>) -> Result<Json<Value>, Refusal> {
    let mut state = yagna.state();
    let nodes = &state.networks.network(&network)?.nodes;
    Ok(Json(nodes.iter().map(|(ip, id)| json!({"id": id, "ip": ip})).collect()))
}

async fn remove_node(
    State(yagna): State<Yagna>,
    Path((network, node)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| {
        state.networks.network(&network)?.nodes.retain(|_, id| *id != node);
        Ok(Json(Value::Null))
    })
}

async fn connect(
    State(yagna): State<Yagna>,
    Path((network, ip, port)): Path<(String, String, u16)>,
    request: Request,
) -> Result<Response, Refusal> {
    yagna.state().networks.network(&network)?;
    let ip = parse_ip(&ip)?;
    let refused = |why: &str| {
        tracing::info!("connection to {ip}:{port} failed: {why}");
        Ok(StatusCode::GATEWAY_TIMEOUT.into_response())
    };
    let Some((node, mut cut, silent)) = way_to(&yagna, &network, ip) else {
        return refused("no node is there");
    };
    if *cut.borrow_and_update() {
        return refused("the VPN is down (simulated)");
    }
    if silent && port == SSH {
        return refused("nothing answers (simulated)");
    }
    let stream = match node.connect(port).await {
        Ok(stream) => stream,
        Err(error) => return refused(&error.to_string()),
    };
    let line = request.extensions().get::<Cut>().cloned().unwrap_or_default();
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &yagna).await {
        Ok(upgrade) => upgrade,
        Err(refused) => return Ok(refused.into_response()),
    };
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        let carried = async {
            if pipe(&mut socket, stream).await == End::Peer {
                return false;
            }
            // Its programs end before it does.
            let is_gone = tokio::time::timeout(BEFORE_GOODBYE, node.ended()).await.is_ok();
            if !is_gone {
                // The peer may be gone already, and there is nobody to tell.
                let _ = socket.send(Message::Close(None)).await;
            }
            is_gone
        };
        let is_gone = tokio::select! {
            is_gone = carried => is_gone,
            () = node.ended() => true,
            _ = cut.wait_for(|cut| *cut) => true,
        };
        if is_gone {
            // A node takes its network along, and says no goodbye.
            line.with_a_reset();
        }
    }))
}

/// The node at an address, whether and when its VPN breaks, and whether its ssh never answers.
fn way_to(
    yagna: &Yagna,
    network: &str,
    ip: Ipv4Addr,
) -> Option<(Arc<dyn Node>, watch::Receiver<bool>, bool)> {
    let state = yagna.state();
    let activity = state.activities.at(network, ip)?;
    let silent = state.exchange.providers[activity.provider].has(Fault::SshNeverUp);
    Some((activity.node.clone()?, activity.cut.subscribe(), silent))
}

/// Which side of a connection ended it.
#[derive(PartialEq, Eq)]
enum End {
    Peer,
    Node,
}

/// Bytes both ways until either side ends. A peer that does not read at the moment must not keep us from reading what
/// it writes, or both would wait for ever: so what it has yet to take is a third thing to wait for.
async fn pipe(socket: &mut WebSocket, mut stream: TcpStream) -> End {
    let (mut read, mut write) = stream.split();
    let mut buffer = vec![0; CHUNK];
    let mut pending = Bytes::new();
    loop {
        tokio::select! {
            count = read.read(&mut buffer) => {
                let Ok(count @ 1..) = count else { return End::Node };
                let bytes = Bytes::copy_from_slice(&buffer[..count]);
                if socket.send(Message::Binary(bytes)).await.is_err() {
                    return End::Peer;
                }
            }
            written = write.write(&pending), if !pending.is_empty() => {
                let Ok(written) = written else { return End::Node };
                drop(pending.split_to(written));
            }
            received = socket.recv(), if pending.is_empty() => match received {
                Some(Ok(Message::Binary(bytes))) => pending = bytes,
                Some(Ok(Message::Text(text))) => pending = text.into(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Peer,
            }
        }
    }
}
