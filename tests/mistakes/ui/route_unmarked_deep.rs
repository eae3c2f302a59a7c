// "The server finds handlers in all modules."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    mod games {
        use super::*;

        pub mod table {
            use super::*;

            #[session]
            enum Peer {
                #[reject(401, "sign in")]
                Guest,
                Player(Player),
            }

            struct Player;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {}
