// "A number in a struct is read as a number."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    pub struct TableId(u64);

    #[get("/table/{id}")]
    fn table(Path(id): Path<TableId>) -> String {
        id.0.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
