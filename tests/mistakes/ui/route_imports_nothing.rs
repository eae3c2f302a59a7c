// "The module sees what the one around it sees."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        #[session]
        #[derive(Default)]
        struct Guest {
            said: u64,
        }

        #[on(ready)]
        fn hello(conn: &Conn) {
            let _ = conn;
        }

        #[on("say")]
        fn say(Json(text): Json<String>, guest: &mut Guest, server: &Server) {
            guest.said += 1;
            let _ = (text, server);
        }
    }
}

fn main() {}
