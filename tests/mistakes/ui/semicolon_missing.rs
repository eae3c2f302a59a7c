// "The line ends here."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Count(u64)

    #[on(utf8)]
    fn said(count: &mut Count) {
        count.0 += 1;
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
