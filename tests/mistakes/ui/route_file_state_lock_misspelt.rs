// "The lock is called mutex."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    use crate::arcade::Arcade;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        use super::*;

        #[on(utf8)]
        fn count(arcade: &Arcade) -> String {
            arcade.games.to_string()
        }
    }
}

#[ws_server(listen = 8080, routes = [table::route])]
mod arcade {
    #[state(mutex)]
    #[derive(Default)]
    pub struct Arcade {
        pub games: u64,
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
