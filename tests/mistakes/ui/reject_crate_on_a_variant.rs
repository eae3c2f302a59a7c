// "It stands where the status does."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, crate = ws_runtime)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
