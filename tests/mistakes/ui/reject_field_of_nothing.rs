// "The braces are part of the text."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(400, "expected {cell}")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
