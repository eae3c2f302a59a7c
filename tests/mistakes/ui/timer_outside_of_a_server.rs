// "A timer works anywhere."

use ws_runtime::prelude::*;

#[timer(clock)]
fn too_slow(server: &Server) {
    server.broadcast_utf8("too slow");
}

fn main() {}
