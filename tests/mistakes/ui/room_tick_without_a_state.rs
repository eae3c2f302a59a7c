// "A tick that takes the room runs for each room, whatever they are."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/chat/{name}")]
    mod chat {
        use super::*;

        #[tick(period = 30)]
        fn still_there(room: &Room) {
            room.broadcast_utf8("still there?");
        }

        #[on(utf8)]
        fn said(text: &str, room: &Room) {
            room.broadcast_utf8(text);
        }
    }
}

fn main() {}
