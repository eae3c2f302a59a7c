// "The server is a type with methods."

use ws_runtime::prelude::*;

struct Chat;

#[ws_server(listen = 8080)]
impl Chat {
    #[on(utf8)]
    fn said(text: &str) {
        let _ = text;
    }
}

fn main() {
    Chat::said("");
}
