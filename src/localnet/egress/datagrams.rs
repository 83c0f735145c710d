//! Declared `udp://` URLs: datagrams to their addresses are carried outside, and what comes back is handed in.
//!
//! May import its siblings. Invariant: a socket here is bound to one declared address and port, so whatever reaches it
//! has passed the filter.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::World;

/// As many flows as the exe-unit keeps; the one that was silent for longest makes room (yagna
/// `exe-unit/src/network/inet.rs:255-257`).
const MOST_FLOWS: usize = 200;

/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;

/// How long a destination that cannot be reached is left alone.
const AFTER_FAILURE: Duration = Duration::from_millis(20);

/// What one program on the node has open to the destination.
struct Flow {
    outside: Arc<UdpSocket>,
    last_used: Instant,
    returning: JoinHandle<()>,
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.returning.abort();
    }
}

/// Carries the datagrams that reach `inside`, which is bound to `ip`:`port`, until aborted. With the mirror there is
/// nobody outside who could answer: they vanish, as UDP does.
pub async fn carry(inside: UdpSocket, ip: Ipv4Addr, port: u16, world: Arc<World>) {
    let inside = Arc::new(inside);
    let mut flows: HashMap<SocketAddr, Flow> = HashMap::new();
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // An error here is an earlier datagram that found its program gone; it says nothing of the next one.
        let Ok((length, from)) = inside.recv_from(&mut buffer).await else { continue };
        if !flows.contains_key(&from) {
            match open(&inside, from, ip, port, &world).await {
                Ok(Some(flow)) => {
                    make_room(&mut flows);
                    flows.insert(from, flow);
                }
                Ok(None) => continue,
                Err(error) => {
                    tracing::info!(%error, "datagrams to {ip}:{port} (udp) cannot be carried");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            }
        }
        if let Some(flow) = flows.get_mut(&from) {
            flow.last_used = Instant::now();
            // A datagram may be lost; nobody is told of it.
            let _ = flow.outside.send(&buffer[..length]).await;
        }
    }
}

async fn open(
    inside: &Arc<UdpSocket>,
    from: SocketAddr,
    ip: Ipv4Addr,
    port: u16,
    world: &World,
) -> io::Result<Option<Flow>> {
    let Some(outside) = world.dial_udp(ip, port).await? else { return Ok(None) };
    let outside = Arc::new(outside);
    let (here, there) = (Arc::clone(inside), Arc::clone(&outside));
    let returning = tokio::spawn(async move {
        let mut buffer = vec![0; DATAGRAM];
        loop {
            // "Connection refused" is the destination's answer to one datagram, not the end of the flow.
            match there.recv(&mut buffer).await {
                Ok(length) => drop(here.send_to(&buffer[..length], from).await),
                Err(_) => tokio::time::sleep(AFTER_FAILURE).await,
            }
        }
    });
    Ok(Some(Flow { outside, last_used: Instant::now(), returning }))
}

fn make_room(flows: &mut HashMap<SocketAddr, Flow>) {
    if flows.len() >= MOST_FLOWS
        && let Some(oldest) = flows.iter().min_by_key(|(_, flow)| flow.last_used).map(|(from, _)| *from)
    {
        flows.remove(&oldest);
    }
}

/// Carries every declared destination until the set is dropped.
pub async fn carry_all(sockets: Vec<(SocketAddrV4, UdpSocket)>, world: Arc<World>) {
    let mut carriers = JoinSet::new();
    for (to, socket) in sockets {
        carriers.spawn(carry(socket, *to.ip(), to.port(), Arc::clone(&world)));
    }
    while carriers.join_next().await.is_some() {}
}
