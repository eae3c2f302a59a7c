// "Each route has an id of its own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod outer {
        use super::*;

        #[route("/seat/{id}")]
        mod inner {
            use super::*;

            #[on(handshake)]
            fn sit(Path((_outer, _inner)): Path<(String, String)>) {}
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
