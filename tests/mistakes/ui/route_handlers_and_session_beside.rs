// "A server keeps its handlers where a route is added."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u64,
    }

    #[on(ready)]
    fn hello(guest: &mut Guest) -> String {
        guest.said += 1;
        guest.said.to_string()
    }

    #[on("say")]
    fn say(Json(text): Json<String>, guest: &mut Guest) -> String {
        guest.said += 1;
        text
    }

    #[route("/admin")]
    mod admin {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
