// "What checks the peer is a middleware."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members() -> Result<(), Reject> {
        Ok(())
    }

    #[route("/table", middleware = members)]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
