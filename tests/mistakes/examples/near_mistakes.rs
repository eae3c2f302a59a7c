// Servers with routes that are near to a mistake, and have none.
#![deny(warnings)]
#![expect(clippy::module_inception, reason = "a module in a server may have its name")]

use serde::Serialize;
use ws_runtime::prelude::*;

// Modules without handlers need no attribute.
#[ws_server(listen = 8080)]
mod helpers {
    use super::*;

    mod helpers {
        pub fn shout(text: &str) -> String {
            text.to_uppercase()
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn works() {}
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        mod inner {
            pub fn id(text: &str) -> &str {
                text
            }
        }

        #[on(utf8)]
        fn echo(text: &str) -> String {
            helpers::shout(inner::id(text))
        }
    }
}

// A module imports nothing where its handlers need nothing.
#[ws_server(listen = 8080)]
mod nothing {
    #[route("/lobby")]
    mod lobby {
        #[session]
        #[derive(Default)]
        struct Guest {
            said: u64,
        }

        #[on(utf8)]
        fn echo(guest: &mut Guest, text: &str, conn: &ws_runtime::Conn) -> String {
            guest.said += 1;
            let _ = conn;
            text.to_owned()
        }
    }
}

// Each route has its own types, of the same names as those of others.
#[ws_server(listen = 8080)]
mod names {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake) -> User {
        User { name: request.path().to_owned() }
    }

    #[push]
    #[derive(Serialize)]
    struct Hello {
        name: String,
    }

    #[route("/lobby/{id}")]
    mod lobby {
        use super::*;

        #[session]
        struct Guest(u64);

        #[room(open)]
        #[derive(Default)]
        pub struct Table(pub u64);

        #[push]
        #[derive(Serialize)]
        struct Said {
            text: String,
        }

        #[on(handshake)]
        fn sit(Path(id): Path<u64>, user: &User) -> Guest {
            Guest(id + user.name.len() as u64)
        }

        #[on(ready)]
        fn hello(user: &User) -> Hello {
            Hello { name: user.name.clone() }
        }

        #[on(utf8)]
        fn echo(guest: &mut Guest, table: &mut Table, text: &str) -> Said {
            guest.0 += 1;
            table.0 += 1;
            Said { text: text.to_owned() }
        }

        #[route("/vip/{seat}")]
        mod vip {
            use super::*;

            #[session]
            #[derive(Default)]
            struct Guest(u64);

            #[room]
            struct Table(u64);

            #[push]
            #[derive(Serialize)]
            struct Said {
                text: String,
            }

            #[on(create)]
            fn create(Path((id, seat)): Path<(u64, u64)>) -> Table {
                Table(id + seat)
            }

            #[on(utf8)]
            fn echo(guest: &mut Guest, table: &mut Table, text: &str) -> Said {
                guest.0 += 1;
                table.0 += 1;
                Said { text: text.to_owned() }
            }

            #[on("tables")]
            fn tables(tables: Rooms<super::Table>, own: Rooms<Table>) -> usize {
                tables.len() + own.len()
            }
        }
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[session]
        #[derive(Default)]
        struct Guest(u64);

        #[push]
        #[derive(Serialize)]
        struct Said {
            text: String,
        }

        #[on(utf8)]
        fn echo(guest: &mut Guest, text: &str, tables: Rooms<lobby::Table>) -> Said {
            guest.0 += tables.len() as u64;
            Said { text: text.to_owned() }
        }
    }
}

// What other frameworks give handlers may be a state or a session here.
#[ws_server(listen = 8080)]
mod contexts {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Context {
        lines: u64,
    }

    #[state]
    #[derive(Default)]
    struct State {
        lines: u64,
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[session]
        #[derive(Default)]
        struct Client {
            lines: u64,
        }

        #[on(utf8)]
        fn count(ctx: &mut Context, state: &mut State, client: &mut Client) {
            ctx.lines += 1;
            state.lines += 1;
            client.lines += 1;
        }
    }
}

// Guards of outer routes see the parameters of their own paths.
#[ws_server(listen = 8080)]
mod guards {
    use super::*;

    fn members(Path(league): Path<u64>) -> Result<(), Reject> {
        if league > 9 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/league/{league}", guard = members)]
    mod league {
        use super::*;

        #[route("/table/{id}", guard = seats)]
        mod table {
            use super::*;

            #[room(open)]
            #[derive(Default)]
            struct Table(u64);

            #[on(handshake)]
            fn who(Path((league, id)): Path<(u64, u64)>) -> Result<(), Reject> {
                if league > id { Err(Reject::forbidden()) } else { Ok(()) }
            }

            #[on("say", guard = super::super::quiet)]
            fn say(table: &mut Table) {
                table.0 += 1;
            }
        }

        fn seats(Path((league, id)): Path<(u64, u64)>) -> Result<(), Reject> {
            if league > id { Err(Reject::forbidden()) } else { Ok(()) }
        }
    }

    fn quiet(conn: &Conn) -> Result<(), Reject> {
        let _ = conn;
        Ok(())
    }
}

// The route of the root holds the others.
#[ws_server(listen = 8080)]
mod roots {
    use super::*;

    #[route("/")]
    mod all {
        use super::*;

        #[route("/")]
        mod home {
            use super::*;
            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }

        #[route("/{*rest}")]
        mod rest {
            use super::*;
            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

// A server of a module within that is none of its routes.
#[ws_server(listen = 8080)]
mod two {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    pub mod tests {
        pub mod other {
            use ws_runtime::prelude::*;

            #[ws_server]
            pub mod second {
                #[on(utf8)]
                fn echo(text: &str) -> &str {
                    text
                }
            }
        }
    }
}

// One of two routes of a path exists.
#[ws_server(listen = 8080)]
mod conditions {
    use super::*;

    #[cfg(unix)]
    #[route("/a")]
    mod a {
        use super::*;
        #[on(utf8)]
        fn said(text: &str) -> &str {
            text
        }
    }

    #[cfg(not(unix))]
    #[route("/a")]
    mod a {
        use super::*;
        #[on(utf8)]
        fn said(text: &str) -> &str {
            text
        }
    }
}

// A route names its server, and stands in a module within it, which needs no attribute.
#[ws_server(listen = 8080, routes = [crate::beside::table::route])]
mod beside {
    use super::*;

    mod table {
        use super::*;

        #[route("/table/{id}", server = crate::beside)]
        pub mod route {
            use super::*;

            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {
    let _servers = (
        helpers::server(),
        nothing::server(),
        names::server(),
        contexts::server(),
        guards::server(),
        roots::server(),
        two::server(),
        two::tests::other::second::server(),
        conditions::server(),
        beside::server(),
    );
}
