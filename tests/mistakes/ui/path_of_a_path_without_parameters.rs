// "The whole path is a parameter."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/health")]
    fn health(Path(path): Path<String>) -> String {
        path
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
