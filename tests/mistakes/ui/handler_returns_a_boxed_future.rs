// "A boxed future is awaited."

use std::pin::Pin;

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: String) -> Pin<Box<dyn Future<Output = String> + Send>> {
        Box::pin(async { text })
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
