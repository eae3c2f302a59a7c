// "It is only a sentence."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, it is not your turn)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
