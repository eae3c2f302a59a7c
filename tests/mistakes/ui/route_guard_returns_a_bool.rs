// "A guard returns whether the peer may come, as in NestJS."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members(request: &Handshake) -> bool {
        request.path().len() > 9
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
