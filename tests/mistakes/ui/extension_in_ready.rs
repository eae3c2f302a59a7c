// "The layer has said who connects."

use ws_runtime::Extension;
use ws_runtime::prelude::*;

#[derive(Clone)]
pub struct User {
    name: String,
}

#[ws_server]
mod chat {
    use super::*;

    #[on(ready)]
    fn greet(Extension(user): Extension<User>) -> String {
        user.name
    }
}

fn main() {}
