//! `TCP_NODELAY`, set as seldom as possible.

use crate::conn::Conn;
use crate::options::Options;
use crate::transport::Stream;

/// What `TCP_NODELAY` is set to, as far as it is known.
pub(super) struct Nodelay(Option<bool>);

impl Nodelay {
    /// A connection inherits what its listener was set to, where the system is one that does so.
    pub(super) fn of_accepted(options: &Options) -> Self {
        Self(cfg!(any(target_os = "linux", target_os = "android")).then_some(options.nodelay))
    }

    /// Sets it where the connection is to have another.
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
