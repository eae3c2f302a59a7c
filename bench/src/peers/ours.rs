//! The server of this repository, as a user would write it.

use std::io;
use std::net::TcpListener;

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
    use std::borrow::Cow;

    use serde::{Deserialize, Serialize};
    use ws_runtime::prelude::*;

    use super::MAX_MESSAGE;

    #[derive(Deserialize, Serialize)]
    struct Say<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    #[on("say")]
    fn say<'a>(Json(say): Json<Say<'a>>) -> Say<'a> {
        say
    }
}

pub(super) fn serve(
    listener: TcpListener,
    role: Role,
    identity: Option<Identity>,
    threads: usize,
) -> io::Result<()> {
    let tls = identity.map(|identity| Tls::pem(identity.certificate, identity.key));
    match (role, tls) {
        (Role::Echo, None) => echo::server().listen(listener).threads(threads).start(),
        (Role::Echo, Some(tls)) => echo::server().listen(listener).tls(tls).threads(threads).start(),
        (Role::Fanout, None) => fanout::server().listen(listener).threads(threads).start(),
        (Role::Fanout, Some(tls)) => fanout::server().listen(listener).tls(tls).threads(threads).start(),
        (Role::Named, None) => named::server().listen(listener).threads(threads).start(),
        (Role::Named, Some(tls)) => named::server().listen(listener).tls(tls).threads(threads).start(),
    }
    .map_err(io::Error::other)
}
