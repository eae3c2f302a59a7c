// "A code is a name."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, code = busy)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
