// "A guard is named by a text."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members() -> Result<(), Reject> {
        Ok(())
    }

    #[route("/lobby", guard = "members")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
