// "It writes what the room knows to a file."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod library {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        notes: String,
    }

    #[on("save", blocking)]
    fn save(table: &Table) -> bool {
        std::fs::write("notes.txt", &table.notes).is_ok()
    }
}

fn main() -> ws_runtime::Result<()> {
    library::server().start()
}
