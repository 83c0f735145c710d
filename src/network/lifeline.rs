//! What keeps a network of a walk's own alive.
//!
//! May import nothing of the house.

/// A descriptor: the network ends when nobody holds a copy of it any more.
#[cfg(unix)]
pub type Lifeline<'a> = std::os::fd::BorrowedFd<'a>;

/// There is none where no such network can be.
#[cfg(not(unix))]
pub type Lifeline<'a> = &'a std::convert::Infallible;
