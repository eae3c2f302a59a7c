// "A route has several guards."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members() -> Result<(), Reject> {
        Ok(())
    }

    fn adults() -> Result<(), Reject> {
        Ok(())
    }

    #[route("/table", guard = [members, adults])]
    mod table {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
