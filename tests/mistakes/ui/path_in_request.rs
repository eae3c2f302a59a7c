// "The handler of all requests has parameters too."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(request)]
    fn page(Path(path): Path<String>) -> String {
        path
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
