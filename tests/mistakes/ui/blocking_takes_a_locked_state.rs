// "It only reads the state."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lent(u64);

    #[on("lend", blocking)]
    fn lend(lent: &Lent) -> u64 {
        lent.0
    }

    #[on("return")]
    fn give_back(lent: &mut Lent) {
        lent.0 -= 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
