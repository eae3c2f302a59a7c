// "A guard can stand in any module of the server."

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

        pub fn members(request: &Handshake) -> Result<(), Reject> {
            if request.path().len() > 9 { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }

    #[route("/table", guard = members)]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
