// "A room has a guard."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        fn member() -> Result<(), Reject> {
            Ok(())
        }

        #[room(guard = member)]
        #[derive(Default)]
        struct Table;

        #[on(utf8)]
        fn say(_text: &str) {}
    }
}

fn main() {}
