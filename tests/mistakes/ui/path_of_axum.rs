// "`Path` is in scope already."

use axum::extract::Path;
use ws_runtime::prelude::*;

mod axum {
    pub mod extract {
        pub struct Path<T>(pub T);
    }
}

#[ws_server]
mod chat {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[session]
        struct Seat(u64);

        #[on(handshake)]
        fn sit(Path(id): Path<u64>) -> Seat {
            Seat(id)
        }
    }
}

fn main() {}
