// "It is a type of the application."

use ws_runtime::prelude::*;

#[identity]
struct User {
    name: String,
}

fn main() {}
