// "A handler can take the session of another route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[session]
        #[derive(Default)]
        pub struct Guest {
            pub said: u64,
        }

        #[on(utf8)]
        fn count(guest: &mut Guest) -> String {
            guest.said += 1;
            guest.said.to_string()
        }
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn count(guest: &mut super::lobby::Guest) -> String {
            guest.said += 1;
            guest.said.to_string()
        }
    }
}

fn main() {}
