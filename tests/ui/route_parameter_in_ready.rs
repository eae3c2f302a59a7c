// "A handler takes the parameters of the path at any time."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(ready)]
        fn hello(Path(id): Path<u64>, conn: &Conn) {
            let _ = (id, conn);
        }
    }
}

fn main() {}
