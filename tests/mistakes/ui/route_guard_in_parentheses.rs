// "The guard stands in parentheses."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members() -> Result<(), Reject> {
        Ok(())
    }

    #[route("/table", guard(members))]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
