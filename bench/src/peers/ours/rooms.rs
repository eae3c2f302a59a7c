//! The roles as three of ten routes with rooms. Each handler takes the state of its room, and so its lock. Their
//! paths are in [`Peer::path`](super::super::Peer::path).

use ws_runtime::prelude::*;

use super::{MAX_MESSAGE, Say};

#[ws_server(max_recv_size = MAX_MESSAGE, max_send_size = MAX_MESSAGE)]
mod tables {
    use super::*;

    #[route("/echo/{id}")]
    mod echo {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            messages: u64,
        }

        #[on(utf8)]
        fn text<'a>(table: &mut Table, text: &'a str) -> &'a str {
            table.messages += 1;
            text
        }

        #[on(binary)]
        fn data<'a>(table: &mut Table, data: &'a [u8]) -> &'a [u8] {
            table.messages += 1;
            data
        }
    }

    #[route("/fanout/{id}")]
    mod fanout {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            messages: u64,
        }

        #[on(utf8)]
        fn text(table: &mut Table, room: &Room, text: &str) {
            table.messages += 1;
            room.broadcast_utf8(text);
        }

        #[on(binary)]
        fn data(table: &mut Table, room: &Room, data: &[u8]) {
            table.messages += 1;
            room.broadcast_binary(data);
        }
    }

    #[route("/named/{id}")]
    mod named {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            messages: u64,
        }

        #[on("say")]
        fn say<'a>(Json(say): Json<Say<'a>>, table: &mut Table) -> Say<'a> {
            table.messages += 1;
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

pub(super) use self::tables::server;
