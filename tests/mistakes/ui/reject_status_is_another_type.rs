// "A constant is good."

use ws_runtime::prelude::*;

const TAKEN: &str = "409";

#[derive(Reject)]
enum MoveError {
    #[reject(TAKEN)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
