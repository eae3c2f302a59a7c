// "It only marks the variant."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
