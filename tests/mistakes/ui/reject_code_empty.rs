// "No code."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, code = "")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
