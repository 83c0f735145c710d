//! One message with at most one file descriptor over a Unix stream socket.
//!
//! May import nothing of the house. Invariant: each message is sent by one call and carries at most one descriptor; the
//! kernel never joins bytes across a descriptor, so a message with one needs no framing.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// The longest message: a name of 253 bytes, or a reply with the addresses of a large host.
const LONGEST: usize = 8192;

/// Sends a message.
pub fn send(socket: BorrowedFd<'_>, message: &[u8], passed: Option<BorrowedFd<'_>>) -> io::Result<()> {
    if message.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
    }
    let descriptors: Vec<RawFd> = passed.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let control = if descriptors.is_empty() { &[][..] } else { &rights[..] };
    let sent =
        sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(message)], control, MsgFlags::MSG_NOSIGNAL, None)?;
    if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Receives a message; an empty one is the other side's end.
pub fn receive(socket: BorrowedFd<'_>) -> io::Result<(Vec<u8>, Option<OwnedFd>)> {
    let mut buffer = vec![0; LONGEST];
    let mut control = nix::cmsg_space!([RawFd; 1]);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let received =
        recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut passed = None;
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(descriptors) = message {
            for descriptor in descriptors {
                // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
                passed = Some(unsafe { OwnedFd::from_raw_fd(descriptor) });
            }
        }
    }
    let length = received.bytes;
    buffer.truncate(length);
    Ok((buffer, passed))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn messages_with_descriptors_are_never_joined() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (passed, kept) = UnixStream::pair().unwrap();
        for message in [b"first".as_slice(), b"second"] {
            send(ours.as_fd(), message, Some(passed.as_fd())).unwrap();
        }
        drop((ours, passed));
        let (first, descriptor) = receive(theirs.as_fd()).unwrap();
        assert_eq!(first, b"first");
        send(kept.as_fd(), b"through", None).unwrap();
        assert_eq!(receive(descriptor.unwrap().as_fd()).unwrap().0, b"through");
        let (second, descriptor) = receive(theirs.as_fd()).unwrap();
        assert_eq!((second.as_slice(), descriptor.is_some()), (b"second".as_slice(), true));
        let (end, descriptor) = receive(theirs.as_fd()).unwrap();
        assert!(end.is_empty() && descriptor.is_none());
    }
}
