// "A handler takes the client, as in Colyseus."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/my_room/{id}")]
    mod my_room {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct MyRoom {
            moves: u64,
        }

        #[on(ready)]
        fn on_join(room: &mut MyRoom, client: &Client) {
            room.moves += 1;
        }
    }
}

fn main() {}
