// Guards and rates under strict lints, in every combination, under `#[cfg]`, and where names mean something else.
#![deny(warnings)]
#![forbid(unsafe_code)]

pub struct Result;
pub struct Box;

#[ws_runtime::ws_server(listen = 8080)]
mod club {
    use ws_runtime::{Conn, Envelope, Json, Reject, Server, on, session, state};

    #[state]
    #[derive(Default)]
    struct Count(u64);

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u64,
    }

    fn open() -> std::result::Result<(), Reject> {
        Ok(())
    }

    fn counted(guest: &mut Guest, count: &mut Count, _: &Conn) -> std::result::Result<(), Reject> {
        guest.said += 1;
        count.0 += 1;
        Ok(())
    }

    #[cfg(unix)]
    async fn r#try(guest: &mut Guest, server: &Server) -> std::result::Result<(), Reject> {
        guest.said += u64::from(server.connections().is_empty());
        std::future::ready(()).await;
        Ok(())
    }

    #[cfg(not(unix))]
    fn r#try() -> std::result::Result<(), Reject> {
        Ok(())
    }

    type Verdict = std::result::Result<(), Reject>;

    async fn aliased() -> Verdict {
        Err(Reject::forbidden())
    }

    #[on("a", guard = open, rate = 5)]
    fn a() {}

    #[on("b", guard = counted, rate = (30, 60))]
    fn b(count: &Count) -> u64 {
        count.0
    }

    #[on("c", guard = r#try)]
    fn c(guest: &mut Guest) -> u64 {
        guest.said
    }

    #[on("d", guard = r#try, timeout = 2)]
    async fn d(Json(data): Json<u8>) -> u8 {
        data
    }

    #[cfg(unix)]
    #[on("e", guard = self::counted, concurrent = 2)]
    async fn e() {}

    #[on("f", guard = aliased)]
    fn f() {}

    #[on(message, guard = aliased, rate = 1)]
    async fn other(message: &Envelope<'_>) -> usize {
        message.name().len()
    }

    #[on(utf8, rate = f64::from(3))]
    fn text() {}

    #[on(binary, rate = 3_u64)]
    async fn binary() {}
}

fn main() {
    let _ = club::server();
}
