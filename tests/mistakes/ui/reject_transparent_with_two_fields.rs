// "It takes the first."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(transparent)]
    Other(StatusError, u8),
}

#[derive(Reject)]
struct StatusError;

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
