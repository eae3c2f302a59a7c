// "Texts with values are made by `format!`."

use ws_runtime::prelude::*;

#[derive(Reject)]
enum MoveError {
    #[reject(409, format!("taken by {by}"))]
    Taken { by: String },
}

fn main() {
    let _: fn(MoveError) -> Reject = Reject::from;
}
