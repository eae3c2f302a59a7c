// "The path is known when somebody connects."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[on(connect)]
    fn knock(room: &Room) {
        println!("somebody comes to {}", room.path());
    }
}

fn main() {}
