//! A site: a page, a small API, and the WebSocket behind them.
//!
//! ```text
//! cargo run --example site
//! ```
//!
//! Open <http://localhost:8080> in two tabs, and press the button. `curl http://localhost:8080/api/count` shows the
//! count.

// ANCHOR: site
use serde::Serialize;
use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_runtime::{CLIENT_JS, JavaScript};

#[ws_server(listen = 8080)]
mod site {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Counter {
        count: i64,
    }

    #[push]
    #[derive(Serialize)]
    struct Counted(i64);

    /// Runs before the first connection. An error ends the program.
    #[on(start)]
    fn load(counter: &mut Counter) -> Result<(), std::num::ParseIntError> {
        counter.count = std::env::var("COUNT").map_or(Ok(0), |count| count.parse())?;
        Ok(())
    }

    #[get("/")]
    fn page() -> Html<&'static str> {
        Html(include_str!("page.html"))
    }

    #[get("/client.js")]
    fn client() -> JavaScript<&'static str> {
        JavaScript(CLIENT_JS)
    }

    #[get("/api/count")]
    fn count(counter: &Counter) -> Json<i64> {
        Json(counter.count)
    }

    /// All that no `#[get]` takes: here to change the count by `POST /api/count`.
    #[on(request)]
    fn add(request: &Request, counter: &mut Counter, server: &Server) -> Result<StatusCode, Reject> {
        if (request.method().as_str(), request.path()) != ("POST", "/api/count") {
            return Err(Reject::not_found());
        }
        counter.count += 1;
        server.broadcast(Counted(counter.count));
        Ok(StatusCode::NO_CONTENT)
    }

    #[route("/counter")]
    mod counter {
        use super::*;

        #[on(ready)]
        fn show(counter: &Counter) -> Counted {
            Counted(counter.count)
        }

        #[on("add")]
        fn add(Json(number): Json<i64>, counter: &mut Counter, room: &Room) {
            counter.count += number;
            room.broadcast(Counted(counter.count));
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    site::server().start()
}
// ANCHOR_END: site

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("plain-http.md", "site", &site::server().test().await?).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_and_the_api_are_answered() -> ws_runtime::test::Result {
        let server = site::server().test().await?;
        assert_eq!(server.get("/").await?.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(
            server.get("/client.js").await?.headers()["content-type"],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(server.get("/style.css").await?.status(), 404);
        assert_eq!(server.get("/counter").await?.status(), 404);
        assert_eq!(server.request("POST", "/api/count").await?.status(), 204);
        assert_eq!(server.request("POST", "/api/weight").await?.status(), 404);
        assert_eq!(server.get("/api/count").await?.body(), "1");
        assert_eq!(server.request("HEAD", "/api/count").await?.body(), "");
        Ok(())
    }
}
