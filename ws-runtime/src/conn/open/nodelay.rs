//! Sets `TCP_NODELAY`, with as few system calls as possible.

use crate::conn::Conn;
use crate::options::Options;
use crate::transport::Stream;

/// The current value of `TCP_NODELAY`, if it is known.
pub(super) struct Nodelay(Option<bool>);

impl Nodelay {
    /// The value of an accepted socket: on Linux and Android it is inherited from the listener.
    pub(super) fn inherited(options: &Options) -> Self {
        Self(cfg!(any(target_os = "linux", target_os = "android")).then_some(options.nodelay))
    }

    /// Sets the option if the connection wants another value.
    pub(super) fn apply(&mut self, stream: &Stream, conn: &Conn) {
        let nodelay = conn.nodelay();
        if self.0.replace(nodelay) == Some(nodelay) {
            return;
        }
        if let Err(error) = stream.set_nodelay(nodelay) {
            tracing::debug!(conn = conn.id(), %error, "TCP_NODELAY was not set");
        }
    }
}
