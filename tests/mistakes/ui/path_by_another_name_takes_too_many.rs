// "An alias is not looked into."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    type Ids = Path<(u64, u64)>;

    #[get("/table/{id}")]
    fn table(ids: Ids) -> String {
        ids.0.0.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
