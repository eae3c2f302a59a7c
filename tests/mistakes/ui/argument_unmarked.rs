// "The macro finds it by itself."

use ws_runtime::prelude::*;

pub struct World {
    texts: Vec<String>,
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, world: &mut World) {
        world.texts.push(text.to_owned());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
