// "A room can hold any type."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/chat/{id}")]
    mod chat {
        use super::*;

        #[on("say")]
        fn said(Json(text): Json<String>, chat: &Room<String>) {
            let _ = (text, chat);
        }
    }
}

fn main() {}
