// "Each value has a name."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, message = "it is not your turn")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
