// "A handler has a context, as in actix."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn say(text: &str, ctx: &mut WebsocketContext<Table>) {
            let _ = (text, ctx);
        }
    }
}

fn main() {}
