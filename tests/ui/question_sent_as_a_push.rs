// "A question is sent like any push."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[push(answer = bool)]
    #[derive(serde::Serialize)]
    struct Confirm {
        delete: u32,
    }

    #[on("delete")]
    fn delete(Json(delete): Json<u32>, conn: &Conn) {
        let _ = conn.send(Confirm { delete });
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
