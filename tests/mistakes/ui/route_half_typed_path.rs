// "(the path of an inner route is being typed)"

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/league/{league}")]
    mod league {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str { text }

        #[route("/table/{id")]
        mod table {
            use super::*;

            #[room]
            struct Table { id: u64 }

            #[on(create)]
            fn create(Path((league, id)): Path<(u64, u64)>) -> Table { Table { id: id + league } }

            #[on(ready)]
            fn hello(table: &mut Table) { table.id += 1; }
        }
    }
}

fn main() {}
