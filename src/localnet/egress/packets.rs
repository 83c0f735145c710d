//! TCP and UDP packets as bytes: read where nobody waits for them, and written as answers.
//!
//! May import nothing of the house. Pure. Invariant: every packet that is written has whole checksums.

use std::net::{Ipv4Addr, SocketAddrV4};

use etherparse::{IpNumber, NetHeaders, PacketBuilder, PacketHeaders, TcpHeader, TransportHeader};

/// Our side's first number of a connection that is going to be reset; any will do.
const SEQUENCE: u32 = 1;
const WINDOW: u16 = u16::MAX;
const TIME_TO_LIVE: u8 = 64;

/// A packet that asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// The first of a TCP connection.
    Opening(Opening),
    /// A datagram for this destination.
    Datagram(SocketAddrV4),
}

/// Who wants to connect to whom, and the number that its bytes are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    from: SocketAddrV4,
    /// Where to.
    pub to: SocketAddrV4,
    sequence: u32,
}

impl Packet {
    /// Reads an IPv4 packet; none for everything that asks for nothing, as the later packets of a connection.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let packet = PacketHeaders::from_ip_slice(bytes).ok()?;
        let NetHeaders::Ipv4(ip, _) = packet.net? else { return None };
        let at = |address, port| SocketAddrV4::new(Ipv4Addr::from(address), port);
        match packet.transport? {
            TransportHeader::Tcp(tcp) if tcp.syn && !tcp.ack => Some(Self::Opening(Opening {
                from: at(ip.source, tcp.source_port),
                to: at(ip.destination, tcp.destination_port),
                sequence: tcp.sequence_number,
            })),
            TransportHeader::Udp(udp) => Some(Self::Datagram(at(ip.destination, udp.destination_port))),
            _ => None,
        }
    }

    /// The same packet with the checksums that the kernel leaves to a network card.
    pub fn completed(bytes: &[u8]) -> Option<Vec<u8>> {
        let packet = PacketHeaders::from_ip_slice(bytes).ok()?;
        let NetHeaders::Ipv4(ip, _) = packet.net? else { return None };
        let payload = packet.payload.slice();
        let builder = PacketBuilder::ipv4(ip.source, ip.destination, TIME_TO_LIVE);
        let mut completed = Vec::with_capacity(bytes.len());
        match packet.transport? {
            TransportHeader::Tcp(tcp) => builder.tcp_header(tcp).write(&mut completed, payload).ok()?,
            TransportHeader::Udp(udp) => {
                builder.udp(udp.source_port, udp.destination_port).write(&mut completed, payload).ok()?;
            }
            _ => return None,
        }
        Some(completed)
    }
}

impl Opening {
    /// Where the answers go.
    pub fn from(&self) -> SocketAddrV4 {
        self.from
    }

    /// The answer by which the connection comes about.
    pub fn accepted(&self) -> Option<Vec<u8>> {
        let mut header = self.header(SEQUENCE);
        header.syn = true;
        self.answer(header)
    }

    /// The answer by which it ends.
    pub fn reset(&self) -> Option<Vec<u8>> {
        let mut header = self.header(SEQUENCE + 1);
        header.rst = true;
        self.answer(header)
    }

    fn header(&self, sequence: u32) -> TcpHeader {
        let mut header = TcpHeader::new(self.to.port(), self.from.port(), sequence, WINDOW);
        header.ack = true;
        header.acknowledgment_number = self.sequence.wrapping_add(1);
        header
    }

    fn answer(&self, header: TcpHeader) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ipv4(self.to.ip().octets(), self.from.ip().octets(), TIME_TO_LIVE);
        builder.tcp_header(header).write(&mut bytes, &[]).ok()?;
        debug_assert_eq!(bytes.get(9), Some(&IpNumber::TCP.0));
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 42, 42, 3), 40_000);
    const ELSEWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 1), 80);

    fn tcp(sequence: u32, change: impl Fn(&mut TcpHeader)) -> Vec<u8> {
        let mut header = TcpHeader::new(NODE.port(), ELSEWHERE.port(), sequence, WINDOW);
        change(&mut header);
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ipv4(NODE.ip().octets(), ELSEWHERE.ip().octets(), TIME_TO_LIVE);
        builder.tcp_header(header).write(&mut bytes, b"early").unwrap();
        bytes
    }

    fn headers(bytes: &[u8]) -> (etherparse::Ipv4Header, TcpHeader) {
        let packet = PacketHeaders::from_ip_slice(bytes).unwrap();
        match (packet.net.unwrap(), packet.transport.unwrap()) {
            (NetHeaders::Ipv4(ip, _), TransportHeader::Tcp(tcp)) => (ip, tcp),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_first_packet_of_a_connection_opens_one() {
        let first = tcp(7, |header| header.syn = true);
        assert!(matches!(Packet::read(&first), Some(Packet::Opening(Opening { to: ELSEWHERE, .. }))));
        assert_eq!(Packet::read(&tcp(8, |header| header.ack = true)), None);
        assert_eq!(Packet::read(b"no packet"), None);
    }

    #[test]
    fn the_answers_come_from_where_the_connection_was_to_go() {
        let Some(Packet::Opening(opening)) = Packet::read(&tcp(u32::MAX, |header| header.syn = true)) else {
            panic!("not read")
        };
        assert_eq!(opening.from(), NODE);
        let (ip, accepted) = headers(&opening.accepted().unwrap());
        assert_eq!((ip.source, ip.destination), (ELSEWHERE.ip().octets(), NODE.ip().octets()));
        assert_eq!((accepted.source_port, accepted.destination_port), (80, 40_000));
        assert!(accepted.syn && accepted.ack && !accepted.rst);
        assert_eq!(accepted.acknowledgment_number, 0, "the number after the last one is the first");
        let (_, reset) = headers(&opening.reset().unwrap());
        assert!(reset.rst && !reset.syn);
        assert_eq!(reset.sequence_number, accepted.sequence_number + 1);
    }

    #[test]
    fn a_packet_is_completed_by_its_checksum_alone() {
        let whole = tcp(7, |header| header.syn = true);
        let mut partial = whole.clone();
        let checksum = 20 + 16;
        partial[checksum..checksum + 2].copy_from_slice(&[0, 0]);
        assert_eq!(Packet::completed(&partial).unwrap(), whole);
    }
}
