// "It closes them slowly."
use ws_runtime::ws_server;

#[ws_server(shutdown_spread = "slow")]
mod chat {}

fn main() {}
