// "A handler can take the rooms of other routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby/{id}")]
    mod lobby {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        pub struct Lobby {
            pub said: u64,
        }

        #[on(utf8)]
        fn count(lobby: &mut Lobby) -> String {
            lobby.said += 1;
            lobby.said.to_string()
        }
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn count(lobby: &Room<lobby::Lobby>) {
            lobby.later(|lobby| lobby.said += 1);
        }
    }
}

fn main() {}
