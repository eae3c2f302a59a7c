// "My extractor works in every handler of axum."

use axum::FromRequestParts;
use ws_runtime::prelude::*;

mod axum {
    pub trait FromRequestParts<S> {}
}

pub struct Claims {
    name: String,
}

impl<S> FromRequestParts<S> for Claims {}

#[ws_server]
mod chat {
    use super::*;

    #[session]
    struct Guest {
        name: String,
    }

    #[on(handshake)]
    fn who(claims: Claims) -> Guest {
        Guest { name: claims.name }
    }
}

fn main() {}
