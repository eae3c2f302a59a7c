// "A path is taken by reference."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn who(path: &Path<u64>) -> Result<(), Reject> {
            if path.0 > 9 { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }
}

fn main() {}
