//! On which nodes Ray runs, seen from the machine.
//!
//! May import `exec` and its siblings. Invariant: only read, never entered.

use std::fs;
use std::net::Ipv4Addr;

use super::state::State;
use crate::exec::descendants;

/// The port of Ray's GCS on the head node, in the digits of `/proc/net/tcp`.
const GCS_PORT: &str = "18EB";

/// The state of a connection in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";

/// The addresses of the nodes that Ray can give work to: those whose raylet talks to the head node's GCS. A node lives
/// for many seconds before, while its files are synchronised and Ray starts; a job that begins then runs elsewhere.
pub fn ray_nodes(state: &State) -> Vec<Ipv4Addr> {
    let mut nodes: Vec<Ipv4Addr> = descendants::descendants(state.init.pid)
        .into_iter()
        .filter(|process| is_raylet(process.pid))
        // gRPC uses IPv6 sockets for IPv4 as well.
        .flat_map(|process| ["tcp6", "tcp"].map(|table| format!("/proc/{}/net/{table}", process.pid)))
        .filter_map(|table| fs::read_to_string(table).ok())
        .filter_map(|table| address_toward_gcs(&table))
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn is_raylet(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "raylet")
}

/// The own address of the first connection to a GCS.
fn address_toward_gcs(table: &str) -> Option<Ipv4Addr> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (own, _) = fields.get(1)?.split_once(':')?;
        let (_, port) = fields.get(2)?.split_once(':')?;
        if port != GCS_PORT || fields.get(3) != Some(&ESTABLISHED) {
            return None;
        }
        // Numbers in the machine's order of bytes; the last one of a mapped address is the IPv4 address.
        let own = own.get(own.len().checked_sub(8)?..)?;
        let own = Ipv4Addr::from(u32::from_str_radix(own, 16).ok()?.to_ne_bytes());
        // A tunnel's end on the head node reaches the GCS over loopback, which is no node's address.
        (!own.is_loopback()).then_some(own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gcs_port_is_rays_default() {
        assert_eq!(u16::from_str_radix(GCS_PORT, 16), Ok(6379));
    }

    #[test]
    fn only_an_established_connection_to_the_gcs_counts() {
        let own = format!("{:08X}", u32::from_ne_bytes([192, 168, 0, 4]));
        let row = |port: &str, state: &str| {
            format!(
                "  sl  local_address rem_address   st\n   0: {own}:9C40 0300A8C0:{port} {state} 0:0 0 0 0 0 1\n"
            )
        };
        assert_eq!(address_toward_gcs(&row("18EB", "01")), Some(Ipv4Addr::new(192, 168, 0, 4)));
        let mapped = row("18EB", "01").replace(&own, &format!("0000000000000000FFFF0000{own}"));
        assert_eq!(address_toward_gcs(&mapped), Some(Ipv4Addr::new(192, 168, 0, 4)));
        assert_eq!(address_toward_gcs(&row("18EB", "02")), None, "still being made");
        let tunnel = row("18EB", "01").replace(&own, &format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1])));
        assert_eq!(address_toward_gcs(&tunnel), None, "a tunnel");
        assert_eq!(address_toward_gcs(&row("0016", "01")), None, "another port");
    }
}
