// "The guard sees the path of the inner route."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    fn member(Path((_table, _seat)): Path<(u64, u64)>) -> Result<(), Reject> {
        Ok(())
    }

    #[route("/table/{table}", guard = member)]
    mod table {
        use super::*;

        #[route("/seat/{seat}")]
        mod seat {
            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
