// "It waits for the database, so it is both."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[on("lend", blocking)]
    async fn lend(Json(title): Json<String>) -> usize {
        title.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
