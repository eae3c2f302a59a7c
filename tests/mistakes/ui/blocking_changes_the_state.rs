// "It counts what it lends."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lent(u64);

    #[on("lend", blocking)]
    fn lend(Json(title): Json<String>, lent: &mut Lent) -> usize {
        lent.0 += 1;
        title.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
