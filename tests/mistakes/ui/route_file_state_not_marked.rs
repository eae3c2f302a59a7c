// "The server has the hall." `#[state]` is missing.

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        use crate::arcade;

        use super::*;

        #[on(utf8)]
        fn count(hall: &mut arcade::Hall) {
            hall.games += 1;
        }
    }
}

#[ws_server(listen = 8080, routes = [table::route])]
mod arcade {
    #[derive(Default)]
    pub struct Hall {
        pub games: u64,
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
