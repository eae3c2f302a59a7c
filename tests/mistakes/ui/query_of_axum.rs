// "`Query` is in scope already."

use axum::extract::Query;
use ws_runtime::prelude::*;

mod axum {
    pub mod extract {
        pub struct Query<T>(pub T);
    }
}

#[derive(serde::Deserialize)]
pub struct Asked {
    name: String,
}

#[ws_server]
mod chat {
    use super::*;

    #[get("/hello")]
    fn hello(Query(asked): Query<Asked>) -> String {
        asked.name
    }
}

fn main() {}
