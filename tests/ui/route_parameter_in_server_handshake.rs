// "The handshake of the server sees the parameters of all routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(handshake)]
    fn who(Path(id): Path<u64>) -> Result<(), Reject> {
        if id > 9 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
