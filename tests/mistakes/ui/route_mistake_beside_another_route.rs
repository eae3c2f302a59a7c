// "A route has a state of its own." Other routes find its rooms.

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

        #[room(open)]
        #[derive(Default)]
        pub struct Table {
            pub moves: u64,
        }

        #[on(utf8)]
        fn play(log: &mut Log, table: &mut Table) {
            log.lines += 1;
            table.moves += 1;
        }
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[on(utf8)]
        fn list(tables: Rooms<table::Table>) -> String {
            tables.len().to_string()
        }

        #[on("watch")]
        fn watch(path: Json<String>, tables: Rooms<table::Table>) -> Option<usize> {
            let table: Room<table::Table> = tables.get(&path.0)?;
            Some(table.len())
        }
    }
}

fn main() {}
