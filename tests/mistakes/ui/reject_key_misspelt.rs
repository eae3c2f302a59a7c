// A typo.

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, cod = "busy")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
