// "The field is the text."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    Taken(#[reject(409)] String),
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
