// "A guard sees the parameters of inner routes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    fn members(Path((league, id)): Path<(u64, u64)>) -> Result<(), Reject> {
        if league > id { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/league/{league}", guard = members)]
    mod league {
        use super::*;

        #[route("/table/{id}")]
        mod table {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {}
