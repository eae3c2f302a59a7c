// "What is shared is in an `Arc<Mutex<…>>`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        use std::sync::{Arc, Mutex};

        #[room(open)]
        #[derive(Default)]
        struct Table(u64);

        #[on(utf8)]
        fn count(table: Arc<Mutex<Table>>) {
            table.lock().unwrap().0 += 1;
        }
    }
}

fn main() {}
