// "Every path has a room that ends."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[on(empty)]
    fn close(room: &Room) {
        println!("{} is empty", room.path());
    }
}

fn main() {}
