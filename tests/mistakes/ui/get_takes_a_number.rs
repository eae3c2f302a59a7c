// "The parameters of the path are arguments."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/user/{id}")]
    fn user(id: u64) -> String {
        id.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
