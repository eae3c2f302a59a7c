// "A room has a path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room("/table/{id}")]
        #[derive(Default)]
        struct Table;

        #[on(utf8)]
        fn say(_text: &str) {}
    }
}

fn main() {}
