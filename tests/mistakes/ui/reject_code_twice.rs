// Copied once too often.

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, code = "busy", code = "taken")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
