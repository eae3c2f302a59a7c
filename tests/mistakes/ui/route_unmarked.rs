// "A module within the server is enough to group handlers."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    mod table {
        use super::*;

        #[session]
        #[derive(Default)]
        struct Seat(u64);

        #[on("sit")]
        fn sit(seat: &mut Seat) {
            seat.0 += 1;
        }

        #[on("stand")]
        fn stand(seat: &mut Seat) {
            seat.0 -= 1;
        }
    }
}

fn main() {}
