// "`Json` is in scope already."

use axum::Json;
use ws_runtime::prelude::*;

mod axum {
    pub struct Json<T>(pub T);
}

#[ws_server]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Json(text): Json<String>) -> String {
        text
    }
}

fn main() {}
