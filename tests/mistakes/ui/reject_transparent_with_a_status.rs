// "The status of the inner error is changed."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, transparent)]
    Other(StatusError),
}

#[derive(Reject)]
struct StatusError;

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
