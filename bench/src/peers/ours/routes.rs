//! The roles as three of ten routes. Their paths are in [`Peer::path`](super::super::Peer::path).

use ws_runtime::prelude::*;

use super::{MAX_MESSAGE, Say};

#[ws_server(max_recv_size = MAX_MESSAGE, max_send_size = MAX_MESSAGE)]
mod site {
    use super::*;

    #[route("/echo/{id}")]
    mod echo {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }

        #[on(binary)]
        fn data(data: &[u8]) -> &[u8] {
            data
        }
    }

    #[route("/fanout/{id}")]
    mod fanout {
        use super::*;

        #[on(utf8)]
        fn text(room: &Room, text: &str) {
            room.broadcast_utf8(text);
        }

        #[on(binary)]
        fn data(room: &Room, data: &[u8]) {
            room.broadcast_binary(data);
        }
    }

    #[route("/named/{id}")]
    mod named {
        use super::*;

        #[on("say")]
        fn say<'a>(Json(say): Json<Say<'a>>) -> Say<'a> {
            say
        }
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/news")]
    mod news {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/scores")]
    mod scores {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/chat")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/trades")]
    mod trades {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/admin")]
    mod admin {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }

    #[route("/status")]
    mod status {
        use super::*;

        #[on(utf8)]
        fn text(text: &str) -> &str {
            text
        }
    }
}

pub(super) use self::site::server;
