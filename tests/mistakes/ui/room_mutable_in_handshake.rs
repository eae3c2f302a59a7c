// "The seat is taken when the peer comes."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[room(open)]
    #[derive(Default)]
    struct Table {
        seats: Vec<String>,
    }

    #[on(handshake)]
    fn sit(request: &Handshake, table: &mut Table) {
        table.seats.push(request.path().to_owned());
    }
}

fn main() {}
