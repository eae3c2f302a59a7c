// "Values stand in quotes."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject("409")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
