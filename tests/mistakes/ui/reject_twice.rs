// Copied from above.

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409)]
    #[reject(410)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
