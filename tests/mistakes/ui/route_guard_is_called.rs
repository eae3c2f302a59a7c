// "The guard is called where it is named."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table", guard = members())]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    fn members() -> Result<(), Reject> {
        Ok(())
    }
}

fn main() {}
