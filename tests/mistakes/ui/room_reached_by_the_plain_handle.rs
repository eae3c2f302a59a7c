// "The handle of the room reaches its state."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            moves: u64,
        }

        #[on("count")]
        async fn count(room: &Room) -> Option<u64> {
            room.with(|table| table.moves).await
        }
    }
}

fn main() {}
