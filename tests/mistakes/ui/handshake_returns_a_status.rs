// "The status says whether the peer is welcome."

use ws_runtime::http::StatusCode;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(handshake)]
    fn admit(request: &Handshake) -> StatusCode {
        if request.path() == "/" { StatusCode::OK } else { StatusCode::NOT_FOUND }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
