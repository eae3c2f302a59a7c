// "The server knows the room of a handshake."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(handshake)]
    fn who(room: &Room) -> Result<(), Reject> {
        if room.len() < 10 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[route("/a")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn say(_text: &str) {}
    }
}

fn main() {}
