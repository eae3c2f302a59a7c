// "The router's state is there for every handler."

use axum::extract::State;
use ws_runtime::prelude::*;

mod axum {
    pub mod extract {
        pub struct State<T>(pub T);
    }
}

#[derive(Clone)]
pub struct Notes {
    names: Vec<String>,
}

#[ws_server]
mod chat {
    use super::*;

    #[on("list")]
    fn list(State(notes): State<Notes>) -> Vec<String> {
        notes.names
    }
}

fn main() {}
