// "The pages of the table stand beside it."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[route("/table")]
    mod table {
        use super::*;

        #[get("/table/rules")]
        fn rules() -> &'static str {
            "none"
        }

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
