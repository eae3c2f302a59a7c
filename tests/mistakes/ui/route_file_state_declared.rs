// "The state belongs to the route."

use ws_runtime::prelude::*;

mod table {
    use ws_runtime::prelude::*;

    use crate::arcade::Arcade;

    #[route("/table/{id}", server = crate::arcade)]
    pub mod route {
        use super::*;

        #[state]
        #[derive(Default)]
        struct Score(u64);

        #[on(utf8)]
        fn count(score: &Score, arcade: &Arcade) -> String {
            format!("{} {}", score.0, arcade.games)
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
