//! The server of this repository, as a user would write it.

use std::io;
use std::net::TcpListener;

use tracing_subscriber::filter::LevelFilter;
use ws_runtime::{Tls, ws_server};

use super::{MAX_MESSAGE, Role, runtime};
use crate::tls::Identity;

#[ws_server(max_recv_size = MAX_MESSAGE, max_send_size = MAX_MESSAGE)]
mod echo {
    use ws_runtime::prelude::*;

    use super::MAX_MESSAGE;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn data(data: Bytes) -> Bytes {
        data
    }
}

#[ws_server(max_recv_size = MAX_MESSAGE, max_send_size = MAX_MESSAGE)]
mod fanout {
    use ws_runtime::prelude::*;

    use super::MAX_MESSAGE;

    #[on(utf8)]
    fn text(server: &Server, text: &str) {
        server.broadcast_utf8(text);
    }

    #[on(binary)]
    fn data(server: &Server, data: &[u8]) {
        server.broadcast_binary(data);
    }
}

pub(super) fn serve(
    listener: TcpListener,
    role: Role,
    identity: Option<Identity>,
    threads: usize,
) -> io::Result<()> {
    // What `start()` does, were it told the number of threads.
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(io::stderr).init();
    let tls = identity.map(|identity| Tls::pem(identity.certificate, identity.key));
    runtime(threads)?.block_on(async {
        match (role, tls) {
            (Role::Echo, None) => echo::server().listen(listener).serve().await,
            (Role::Echo, Some(tls)) => echo::server().listen(listener).tls(tls).serve().await,
            (Role::Fanout, None) => fanout::server().listen(listener).serve().await,
            (Role::Fanout, Some(tls)) => fanout::server().listen(listener).tls(tls).serve().await,
        }
        .map_err(io::Error::other)
    })
}
