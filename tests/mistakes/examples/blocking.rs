//! Every kind of handler that may block, with all that it can take, under lints that complain about generated code.

#![deny(warnings)]

use ws_runtime::prelude::*;

mod desk {
    use ws_runtime::prelude::*;

    use crate::library::{Card, Rules};

    #[route("/desk/{id}", server = crate::library)]
    pub mod route {
        use super::*;

        #[session]
        #[derive(Default)]
        pub struct Visit {
            asked: u64,
        }

        #[on("ask", blocking)]
        fn ask(rules: &Rules, card: &Card, visit: &mut Visit) -> (u64, String) {
            visit.asked += 1;
            (rules.most, card.0.clone())
        }
    }
}

#[ws_server(listen = 8080, routes = [desk::route])]
mod library {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Rules {
        pub most: u64,
    }

    #[identity]
    pub struct Card(pub String);

    #[on(handshake)]
    fn who(handshake: &Handshake) -> Option<Card> {
        handshake.query_param("card").map(Card)
    }

    #[route("/hall")]
    mod hall {
        use super::super::*;
        use super::{Card, Rules};

        #[session]
        #[derive(Default)]
        struct Reader {
            read: Vec<String>,
        }

        #[room(open)]
        #[derive(Default)]
        struct Table {
            read: u64,
        }

        fn may_read(reader: &Reader, table: &mut Table) -> Result<(), Reject> {
            table.read += 1;
            if reader.read.is_empty() { Ok(()) } else { Err(Reject::forbidden()) }
        }

        #[on("read", blocking, guard = may_read, rate = 5)]
        fn read(
            Json(title): Json<&str>,
            reader: &mut Reader,
            rules: &Rules,
            card: &Card,
            table: &Room<Table>,
            conn: &Conn,
            server: &Server,
        ) -> Result<u64, Reject> {
            reader.read.push(format!("{title} {} {} {}", card.0, conn.id(), server.name()));
            table.later(|table| table.read += 1);
            Ok(rules.most)
        }

        #[on(message, blocking)]
        fn other(message: &Envelope) -> usize {
            message.name().len()
        }

        #[on(utf8, blocking)]
        fn text(text: &str) -> &str {
            text
        }

        #[cfg(any())]
        #[on(binary, blocking)]
        fn no_data() {}

        #[cfg(not(any()))]
        #[on(binary, blocking)]
        fn data(data: Vec<u8>) -> Vec<u8> {
            data
        }

        #[on(pong, blocking)]
        fn pong() {}
    }
}

fn main() {
    let _server = library::server();
}
