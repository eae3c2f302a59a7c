// "Each value has a name."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(status = 409)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
