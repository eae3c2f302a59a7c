// "As in thiserror."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject("it is not your turn")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
