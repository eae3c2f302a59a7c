// "A guard is a method."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    struct Members;

    impl Members {
        fn admit(request: &Handshake) -> Result<(), Reject> {
            if request.path().len() > 9 { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }

    #[route("/table", guard = Members::admit)]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
