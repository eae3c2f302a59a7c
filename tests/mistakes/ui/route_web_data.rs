// "The state is `web::Data`, as in actix."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(utf8)]
        fn say(text: &str, db: web::Data<String>) {
            let _ = (text, db);
        }
    }
}

fn main() {}
