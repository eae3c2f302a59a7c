// "All routes share the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u64,
    }

    #[route("/table")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn count(guest: &mut Guest) -> String {
            guest.said += 1;
            guest.said.to_string()
        }
    }
}

fn main() {}
