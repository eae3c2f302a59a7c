// "A list of my structs is turned into JSON."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    struct Hit {
        name: &'static str,
    }

    #[on("search")]
    fn search() -> Result<Vec<Hit>, Reject> {
        Ok(vec![Hit { name: "a" }])
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
