// "(an item is being typed)"

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Log { lines: u64 }

    #[route("/table")]
    mod table {
        use super::*;

        asy

        #[on(utf8)]
        fn echo(text: &str, log: &mut Log) { log.lines += text.len() as u64; }

        #[on(ready)]
        fn hello(log: &mut Log) { log.lines += 1; }
    }
}

fn main() {}
