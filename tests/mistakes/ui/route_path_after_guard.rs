// "The order of the arguments does not matter."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members() -> Result<(), Reject> {
        Ok(())
    }

    #[route(guard = members, "/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
