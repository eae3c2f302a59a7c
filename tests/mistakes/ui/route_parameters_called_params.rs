// "The parameters are called `Params`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn who(Params(id): Params<u64>) -> Result<(), Reject> {
            if id > 9 { Err(Reject::not_found()) } else { Ok(()) }
        }
    }
}

fn main() {}
