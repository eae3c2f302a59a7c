// "Data is extracted as in socketioxide."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("say")]
    fn say(Data(text): Data<String>) -> String {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
