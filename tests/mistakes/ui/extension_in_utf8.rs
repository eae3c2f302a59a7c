// "Whoever writes is the layer's user."

use ws_runtime::Extension;
use ws_runtime::prelude::*;

#[derive(Clone)]
pub struct User {
    name: String,
}

#[ws_server]
mod chat {
    use super::*;

    #[on(utf8)]
    fn greet(Extension(user): Extension<User>) -> String {
        user.name
    }
}

fn main() {}
