// "The parameters of the path come with each message."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn said(Path(id): Path<u64>, text: &str) -> String {
            format!("{id} {text}")
        }
    }
}

fn main() {}
