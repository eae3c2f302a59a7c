// "It is imported somewhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/table/{id}")]
    fn table(id: TableId) -> String {
        id.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
