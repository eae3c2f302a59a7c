// "A connection joins rooms, as in Socket.IO."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on("join")]
        fn join(Json(name): Json<String>, conn: &Conn) {
            conn.join(name);
        }
    }
}

fn main() {}
