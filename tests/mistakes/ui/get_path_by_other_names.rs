// "The names of parameters tell the paths apart."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[get("/user/{id}")]
    fn by_number(Path(id): Path<u64>) -> String {
        id.to_string()
    }

    #[get("/user/{name}")]
    fn by_name(Path(name): Path<String>) -> String {
        name
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
