// "What the handshake of the server returns is the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    struct Guest {
        number: usize,
    }

    #[on(handshake)]
    fn who(request: &Handshake) -> Guest {
        Guest { number: request.path().len() }
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn say(guest: &mut Guest) {
            guest.number += 1;
        }
    }
}

fn main() {}
