// "The headers are extracted as in axum."

use http::HeaderMap;
use ws_runtime::prelude::*;

mod http {
    pub struct HeaderMap;
}

#[ws_server]
mod chat {
    use super::*;

    #[on(handshake)]
    fn admit(headers: &HeaderMap) -> Result<(), Reject> {
        let _ = headers;
        Ok(())
    }
}

fn main() {}
