// "A room has a number of seats, as in Colyseus."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/my_room/{id}")]
    mod my_room {
        use super::*;

        #[room(max_clients = 4, open)]
        #[derive(Default)]
        struct MyRoom {
            moves: u64,
        }

        #[on("move")]
        fn play(room: &mut MyRoom) {
            room.moves += 1;
        }
    }
}

fn main() {}
