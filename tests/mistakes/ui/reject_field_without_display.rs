// "Every value can be shown."

use ws_runtime::prelude::*;

struct Mark;

#[derive(Reject)]
enum MoveError {
    #[reject(409, "taken by {by}")]
    Taken { by: Mark },
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
