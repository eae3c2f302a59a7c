// "A route has a state of its own."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[state]
        #[derive(Default)]
        struct Log {
            lines: u64,
        }

        #[on(utf8)]
        fn count(log: &mut Log) -> String {
            log.lines += 1;
            log.lines.to_string()
        }
    }
}

fn main() {}
