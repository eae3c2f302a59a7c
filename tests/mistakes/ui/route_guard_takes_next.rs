// "A guard is a middleware of axum."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    async fn members(request: Request, next: Next) -> Response {
        next.run(request).await
    }

    #[route("/lobby", guard = members)]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
