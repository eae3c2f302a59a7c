// Options of routes, with values of every form.

#![deny(warnings, clippy::pedantic)]

use ws_runtime::prelude::*;
use ws_runtime::{Compression, Origins};

#[ws_server(listen = 8080)]
mod server {
    use super::*;

    const LARGEST: usize = 1_000_000;

    #[route(
        "/upload",
        max_recv_size = LARGEST,
        silence_max = std::time::Duration::from_mins(1),
        compression = Compression::On,
        compression_level = 9,
        subprotocols = vec![String::from("v2")],
        origins = Origins::any(),
        nodelay = false,
        rate = (300, 60),
        slow = "drop_newest"
    )]
    mod upload {
        use super::*;

        #[on(binary)]
        fn echo(data: Bytes) -> Bytes {
            data
        }

        #[route("/large", max_recv_size = 100 * LARGEST, origins = same)]
        mod large {
            use super::*;

            #[on(binary)]
            fn echo(data: Bytes) -> Bytes {
                data
            }
        }
    }
}

fn main() {
    let _ = server::server();
}
