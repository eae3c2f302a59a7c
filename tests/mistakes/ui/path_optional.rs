// "A shorter path will do too."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/table/{id}")]
    fn table(id: Option<Path<u64>>) -> String {
        format!("{id:?}")
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
