// "To broadcast, the room has to be changed."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, room: &mut Room) {
        room.broadcast_utf8(text);
    }
}

fn main() {}
