// "The handshake can be the guard of a route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(handshake)]
    fn who(request: &Handshake) -> Result<(), Reject> {
        if request.path().len() > 9 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/table", guard = who)]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
