// "It is called spawn_blocking."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[on("lend", spawn_blocking)]
    fn lend(Json(title): Json<String>) -> usize {
        title.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
