// "`Json` is in scope already", in what a handler returns.

use axum::Json;
use ws_runtime::prelude::*;

mod axum {
    pub struct Json<T>(pub T);
}

#[ws_server]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: String) -> Json<String> {
        Json(text)
    }
}

fn main() {}
