// "A peer may be in no room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/chat/{id}")]
    mod chat {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Chat {
            lines: Vec<String>,
        }

        #[on("say")]
        fn said(Json(text): Json<String>, chat: Option<&mut Chat>) {
            if let Some(chat) = chat {
                chat.lines.push(text)
            }
        }
    }
}

fn main() {}
