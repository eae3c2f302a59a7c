// "The longest path wins, in whatever order."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[get("/user/{name}")]
    fn user(Path(name): Path<String>) -> String {
        name
    }

    #[get("/file/{name}/raw")]
    fn raw(Path(name): Path<String>) -> String {
        name
    }

    #[get("/file/{*path}")]
    fn file(Path(path): Path<String>) -> String {
        path
    }

    #[route("/first/{id}")]
    mod first {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/{room}")]
    mod room {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/{*path}")]
    mod others {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn main() {}
