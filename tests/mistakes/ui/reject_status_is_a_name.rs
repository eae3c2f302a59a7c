// "It takes the name of the status."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(conflict)]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
