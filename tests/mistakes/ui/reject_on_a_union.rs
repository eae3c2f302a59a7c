// "Every type can be an error."

use ws_runtime::prelude::*;

#[derive(Reject)]
union MoveError {
    cell: u8,
    row: u8,
}

fn main() {
    let _ = MoveError { cell: 1 };
}
