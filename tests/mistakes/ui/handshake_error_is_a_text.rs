// "A text is an error."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn admit(request: &Handshake) -> Result<(), String> {
        if request.path() == "/" { Ok(()) } else { Err("not here".to_owned()) }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
