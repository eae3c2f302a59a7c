// "As in `println!`."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, "taken by {}")]
    Taken(String),
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
