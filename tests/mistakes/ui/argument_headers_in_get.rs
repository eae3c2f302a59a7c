// "The headers are extracted as in axum."

use http::HeaderMap;
use ws_runtime::prelude::*;

mod http {
    pub struct HeaderMap;
}

#[ws_server]
mod chat {
    use super::*;

    #[get("/health")]
    fn health(headers: HeaderMap) -> &'static str {
        let _ = headers;
        "ok"
    }
}

fn main() {}
