// "A route can tick."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    use crate::arcade::Arcade;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        use super::*;

        #[tick(period = 1)]
        fn count(arcade: &Arcade) {
            println!("{}", arcade.games);
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
