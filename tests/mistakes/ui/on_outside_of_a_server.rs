// "Handlers can stand anywhere."

use ws_runtime::prelude::*;

#[on(utf8)]
fn said(text: &str) {
    let _ = text;
}

fn main() {
    said("");
}
