// "The server is a function."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
fn main() {}
