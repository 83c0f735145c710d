//! Connections of any kind behind one type.
//!
//! May import nothing of the house. Invariant: who holds a stream cannot know which kind it is.

use tokio::io::{AsyncRead, AsyncWrite};

/// What bytes go through in both directions: a TCP connection, a pipe in memory, TLS over either.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Any [`Stream`].
pub type BoxedStream = Box<dyn Stream>;
