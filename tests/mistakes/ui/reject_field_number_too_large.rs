// "Fields are counted from 1."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, "taken by {1}")]
    Taken(String),
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
