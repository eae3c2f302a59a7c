// "A handler returns `Json`, as in axum."

use axum::Json;
use ws_runtime::prelude::*;

mod axum {
    pub struct Json<T>(pub T);
}

#[ws_server]
mod chat {
    use super::*;

    #[on("list")]
    fn list() -> Json<Vec<String>> {
        Json(Vec::new())
    }
}

fn main() {}
