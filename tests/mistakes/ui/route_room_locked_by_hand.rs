// "The state of a room is locked by hand."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table(u64);

        #[on(utf8)]
        async fn count(room: &Room<Table>) {
            room.lock().await.0 += 1;
        }
    }
}

fn main() {}
