// "The first one is enough."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/table/{id}/{side}")]
    fn table(Path(id): Path<u64>) -> String {
        id.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
