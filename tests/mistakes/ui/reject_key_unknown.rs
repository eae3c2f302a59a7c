// "The HTTP answer can have headers."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(429, header = "Retry-After: 3")]
    NotYourTurn,
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
