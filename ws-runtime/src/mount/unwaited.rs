//! Whether anybody waits for the end of a mounted server.

use crate::Server;

/// Warns when it is dropped while a shutdown has connections left: the program may end before them.
pub(super) struct Unwaited(Option<Server>);

impl Unwaited {
    pub(super) fn of(server: Server) -> Self {
        Self(Some(server))
    }

    /// The shutdown has ended.
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Unwaited {
    fn drop(&mut self) {
        let Some(server) = &self.0 else { return };
        let connections = server.count_connections();
        if server.is_shutting_down() && connections > 0 {
            tracing::warn!(
                server = server.name(),
                connections,
                "nobody waits for the end of the shutdown: the connections that are left when the program ends are cut, \
                 and their `disconnect` handlers do not run; await `Mounted::stopped` before"
            );
        }
    }
}
