// "All variants have one status."

use ws_runtime::prelude::*;

#[derive(Reject)]
#[reject(409)]
enum MoveError {
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
