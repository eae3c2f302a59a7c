// "All arguments are references."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/files/{*path}")]
    fn file(path: &Path<String>) -> String {
        path.0.clone()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
