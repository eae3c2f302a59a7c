// "The path is still known."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(ready)]
        fn hello(Path(id): Path<u64>) -> String {
            id.to_string()
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
