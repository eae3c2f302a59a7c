// "The text of the inner error is sent."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(transparent)]
    Io(std::io::Error),
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
