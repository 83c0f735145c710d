//! The DNS of a node: what a provider answers in place of the well-known resolvers.
//!
//! May import its siblings. Invariant: only IPv4 addresses are given, because a provider's VM has IPv4 alone.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::answers::Answers;

/// How long a client may keep an answer, in seconds. Answers are frozen, so it only spares questions.
const TTL: u32 = 60;

/// So many addresses fit into a plain answer of 512 bytes behind the longest name.
const MOST_ADDRESSES: usize = 14;

/// Answers the queries that reach `socket` until aborted.
pub async fn serve(socket: UdpSocket, answers: Arc<Answers>) {
    let socket = Arc::new(socket);
    let mut questions = JoinSet::new();
    let mut buffer = vec![0; 4096];
    loop {
        // An error here is an earlier answer that found its client gone; it says nothing of the next query.
        if let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let (query, socket, answers) =
                (buffer[..length].to_vec(), Arc::clone(&socket), Arc::clone(&answers));
            questions.spawn(async move {
                if let Some(reply) = answer(&query, &answers).await {
                    let _ = socket.send_to(&reply, from).await;
                }
            });
        }
        while questions.try_join_next().is_some() {}
    }
}

async fn answer(query: &[u8], answers: &Answers) -> Option<Vec<u8>> {
    let name = asked_name(query)?;
    let found = answers.to_query(&name).await;
    reply(query, &found)
}

/// The name of a query's first question; nothing for what is no query, which is left unanswered.
fn asked_name(query: &[u8]) -> Option<String> {
    let packet = Packet::parse(query).ok()?;
    if packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    packet.questions.first().map(|question| question.qname.to_string())
}

/// The reply to a query for a name with these addresses; no addresses mean that the name does not exist.
fn reply(query: &[u8], found: &io::Result<Vec<Ipv4Addr>>) -> Option<Vec<u8>> {
    let query = Packet::parse(query).ok()?;
    let question = query.questions.first()?.clone();
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    match found {
        Ok(addresses) if addresses.is_empty() => *reply.rcode_mut() = RCODE::NameError,
        Ok(addresses) if matches!(question.qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY) => {
            reply.answers.extend(addresses.iter().take(MOST_ADDRESSES).map(|address| {
                let data = RData::A(A { address: u32::from(*address) });
                ResourceRecord::new(question.qname.clone(), CLASS::IN, TTL, data)
            }));
        }
        // The name exists, but has no record of that type.
        Ok(_) => {}
        Err(_) => *reply.rcode_mut() = RCODE::ServerFailure,
    }
    reply.questions.push(question);
    reply.build_bytes_vec_compressed().ok()
}

#[cfg(test)]
mod tests {
    use simple_dns::{Name, QCLASS, Question};

    use super::*;

    fn ask(kind: TYPE, found: io::Result<Vec<Ipv4Addr>>) -> (RCODE, usize) {
        let mut query = Packet::new_query(7);
        let name = Name::new("ipfs.io").unwrap();
        query.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
        let query = query.build_bytes_vec().unwrap();
        assert_eq!(asked_name(&query).as_deref(), Some("ipfs.io"));
        let bytes = reply(&query, &found).unwrap();
        let reply = Packet::parse(&bytes).unwrap();
        assert_eq!(reply.id(), 7);
        assert_eq!(reply.questions.len(), 1);
        (reply.rcode(), reply.answers.len())
    }

    #[test]
    fn a_known_name_has_addresses_but_no_ipv6() {
        let found = || Ok(vec![Ipv4Addr::new(198, 18, 0, 1), Ipv4Addr::new(198, 18, 0, 2)]);
        assert_eq!(ask(TYPE::A, found()), (RCODE::NoError, 2));
        assert_eq!(ask(TYPE::AAAA, found()), (RCODE::NoError, 0));
    }

    #[test]
    fn an_unknown_name_and_a_failed_lookup_differ() {
        assert_eq!(ask(TYPE::A, Ok(Vec::new())), (RCODE::NameError, 0));
        assert_eq!(ask(TYPE::A, Err(io::Error::other("no answer"))), (RCODE::ServerFailure, 0));
    }

    #[test]
    fn a_long_list_still_fits_a_plain_answer() {
        let found = (0..100).map(|n| Ipv4Addr::new(198, 18, 0, n)).collect();
        assert_eq!(ask(TYPE::A, Ok(found)), (RCODE::NoError, MOST_ADDRESSES));
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        assert_eq!(asked_name(b"GET / HTTP/1.1\r\n"), None);
        let reply = Packet::new_reply(1).build_bytes_vec().unwrap();
        assert_eq!(asked_name(&reply), None);
    }
}
