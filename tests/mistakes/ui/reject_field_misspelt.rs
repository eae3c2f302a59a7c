// A typo in the text.

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, "taken by {bye}")]
    Taken { by: String },
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
