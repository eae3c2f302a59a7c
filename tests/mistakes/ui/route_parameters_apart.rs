// "Each parameter is an argument."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby/{id}")]
    mod lobby {
        use super::*;

        #[on(handshake)]
        fn who(Path(id): Path<u64>, Path(name): Path<String>) -> Result<(), Reject> {
            if id == 1 && name.is_empty() { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }
}

fn main() {}
