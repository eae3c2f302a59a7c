// "There is one room."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        lines: u64,
    }

    #[watch(readable = std::io::stdin())]
    fn typed(stdin: &std::io::Stdin, table: &mut Table) {
        let _ = stdin;
        table.lines += 1;
    }
}

fn main() {}
