//! The server of this repository, as a user would write it.

pub(crate) mod hold;
#[cfg(feature = "axum")]
mod mounted;
mod rooms;
mod routes;
pub(crate) mod storm;

use std::borrow::Cow;
use std::io;
use std::net::TcpListener;

use serde::{Deserialize, Serialize};
use ws_runtime::{Tls, ws_server};

use super::{MAX_MESSAGE, Role};
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
    fn data(data: &[u8]) -> &[u8] {
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

#[ws_server(max_recv_size = MAX_MESSAGE, max_send_size = MAX_MESSAGE)]
mod named {
    use ws_runtime::prelude::*;

    use super::{MAX_MESSAGE, Say};

    #[on("say")]
    fn say<'a>(Json(say): Json<Say<'a>>) -> Say<'a> {
        say
    }
}

/// The data of named messages.
#[derive(Deserialize, Serialize)]
struct Say<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Which of its servers is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// One server for each role, without routes.
    Whole,
    /// One of ten routes for each role.
    Routes,
    /// One of ten routes for each role, whose connections share a state for each path.
    Rooms,
    /// One server for each role, as a route of an axum router.
    Mounted(Connections),
}

/// What the connections of axum are to a mounted server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Connections {
    /// Sockets, which it takes out of axum.
    Raw,
    /// Streams that it does not know, so that it reads and writes through hyper.
    Opaque,
}

pub(super) fn serve(
    listener: TcpListener,
    (role, shape): (Role, Shape),
    identity: Option<Identity>,
    threads: usize,
) -> io::Result<()> {
    let tls = identity.map(|identity| Tls::pem(identity.certificate, identity.key));
    macro_rules! start {
        ($module:ident) => {
            match tls {
                None => $module::server().listen(listener).threads(threads).start(),
                Some(tls) => $module::server().listen(listener).tls(tls).threads(threads).start(),
            }
        };
    }
    match (role, shape) {
        (Role::Storm, _) => start!(storm),
        (Role::Hold, _) => return Err(io::Error::other("it listens by itself")),
        #[cfg(feature = "axum")]
        (_, Shape::Mounted(connections)) => return mounted::serve(listener, role, connections, threads),
        #[cfg(not(feature = "axum"))]
        (_, Shape::Mounted(connections)) => {
            return Err(io::Error::other(format!("{connections:?} connections need the feature `axum`")));
        }
        (_, Shape::Routes) => start!(routes),
        (_, Shape::Rooms) => start!(rooms),
        (Role::Echo, Shape::Whole) => start!(echo),
        (Role::Fanout, Shape::Whole) => start!(fanout),
        (Role::Named, Shape::Whole) => start!(named),
    }
    .map_err(io::Error::other)
}
