// "A guard of a route sees the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table", guard = members)]
    mod table {
        use super::*;

        #[session]
        #[derive(Default)]
        struct Seat {
            number: u64,
        }

        fn members(seat: &Seat) -> Result<(), Reject> {
            if seat.number > 9 { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
