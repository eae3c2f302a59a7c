// "The query is a part of the path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby?name={name}")]
    mod lobby {
        use super::*;

        #[on(handshake)]
        fn who(Path(name): Path<String>) -> Result<(), Reject> {
            if name.is_empty() { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }
}

fn main() {}
