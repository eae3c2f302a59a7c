// "What routes share needs no attribute."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[derive(Default)]
    struct Log {
        lines: u64,
    }

    #[route("/a")]
    mod a {
        use super::*;

        #[on(utf8)]
        fn count(log: &mut Log) {
            log.lines += 1;
        }
    }

    #[route("/b")]
    mod b {
        use super::*;

        #[on(utf8)]
        fn count(log: &mut Log) {
            log.lines += 1;
        }
    }
}

fn main() {}
