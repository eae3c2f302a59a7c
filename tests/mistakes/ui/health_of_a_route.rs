// "The route is what the balancer asks for."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, readiness = "/ready")]
mod chat {
    use super::*;

    #[route("/ready")]
    mod ready {
        #[on(utf8)]
        fn said(_: &str) {}
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
