// "A guard can look at the message."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members(Json(name): Json<String>) -> Result<(), Reject> {
        if name.is_empty() { Err(Reject::forbidden()) } else { Ok(()) }
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
