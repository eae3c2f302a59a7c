// "The state is `&State`, as in Rocket."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn say(text: &str, db: &State<String>) {
            let _ = (text, db);
        }
    }
}

fn main() {}
