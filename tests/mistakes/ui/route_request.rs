// "A route answers plain requests to its path."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(request)]
        fn page(request: &Request) -> String {
            request.path().to_owned()
        }
    }
}

fn main() {}
