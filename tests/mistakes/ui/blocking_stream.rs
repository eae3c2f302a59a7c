// "It sends the lines of a large file."

use ws_runtime::Stream;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[on("lines", blocking)]
    fn lines() -> impl Stream<Item = String> + use<> {
        futures_util::stream::iter(["one".to_owned()])
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
