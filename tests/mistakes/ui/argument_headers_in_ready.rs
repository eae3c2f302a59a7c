// "The headers are known when the peer is there."

use http::HeaderMap;
use ws_runtime::prelude::*;

mod http {
    pub struct HeaderMap;
}

#[ws_server]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(headers: &HeaderMap) -> &'static str {
        let _ = headers;
        "hello"
    }
}

fn main() {}
