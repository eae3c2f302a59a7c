// "The text takes expressions."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, "taken by {by.len()}")]
    Taken { by: String },
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
