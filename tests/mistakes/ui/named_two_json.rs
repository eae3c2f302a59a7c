// "Each argument takes one field of the data."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("add")]
    fn add(Json(one): Json<u32>, Json(other): Json<u32>) -> u32 {
        one + other
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
