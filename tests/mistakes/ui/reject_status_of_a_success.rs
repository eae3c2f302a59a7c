// "200 with an error in it, as our HTTP API does."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(200, "it is not your turn")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
