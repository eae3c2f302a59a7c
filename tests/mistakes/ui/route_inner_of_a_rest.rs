// "The rest ends where the inner path begins."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/files/{*path}")]
    mod outer {
        use super::*;

        #[route("/raw")]
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
