// "A guard may stand in the server's module."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    use crate::arcade::Arcade;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        use super::*;

        #[on("count", guard = crate::arcade::admin)]
        fn count(arcade: &Arcade) -> u64 {
            arcade.games
        }
    }
}

#[ws_server(listen = 8080, routes = [table::route])]
mod arcade {
    #[state]
    #[derive(Default)]
    pub struct Arcade {
        pub games: u64,
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
