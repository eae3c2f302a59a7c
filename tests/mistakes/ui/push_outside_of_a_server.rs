// "A push may stand anywhere."

use serde::Serialize;
use ws_runtime::prelude::*;

#[push]
#[derive(Serialize)]
struct Said {
    text: String,
}

fn main() {
    let _ = Said { text: String::new() }.text;
}
