// "A guard can look at the text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members(text: &str) -> Result<(), Reject> {
        if text.is_empty() { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/lobby", guard = members)]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
