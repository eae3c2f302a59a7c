// "A parameter may be absent."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn who(id: Option<Path<u64>>) -> Result<(), Reject> {
            if id.is_none() { Err(Reject::not_found()) } else { Ok(()) }
        }
    }
}

fn main() {}
