// "A topic is a channel, as in Phoenix."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[channel("room:*")]
    mod room {
        use super::*;

        #[on("new_msg")]
        fn new_msg(Json(body): Json<String>, room: &Room) -> usize {
            let _ = body;
            room.len()
        }
    }
}

fn main() {}
