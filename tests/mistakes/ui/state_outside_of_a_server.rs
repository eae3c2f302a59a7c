// "The state is shared by all modules."

use ws_runtime::prelude::*;

#[state]
struct Lobby;

fn main() {
    let _ = Lobby;
}
