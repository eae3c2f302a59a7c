// "The handshake of the server makes the session of a route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[on(handshake)]
    fn who(request: &Handshake) -> table::Seat {
        table::Seat { number: request.path().len() }
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[session]
        pub struct Seat {
            pub number: usize,
        }

        #[on(utf8)]
        fn say(seat: &mut Seat) {
            seat.number += 1;
        }
    }
}

fn main() {}
