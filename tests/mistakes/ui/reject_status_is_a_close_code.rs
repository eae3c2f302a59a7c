// "It is a close code."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(4009, "it is not your turn")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
