// "A handler returns a status and its data, as in axum."

use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("add")]
    fn add(Json((a, b)): Json<(u8, u8)>) -> (StatusCode, Json<u8>) {
        (StatusCode::OK, Json(a + b))
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
