//! A web page with all its files inside the program, and the WebSocket that it connects to.
//!
//! ```text
//! cargo run --example assets
//! ```
//!
//! Then open <http://localhost:8080>. While a debug build runs, the files are read from the folder at each request:
//! change one, and reload the page. A release build contains them.

// ANCHOR: assets
use std::borrow::Cow;

use rust_embed::Embed;
use ws_runtime::prelude::*;

/// The files of the folder `assets`, beside this file.
#[derive(Embed)]
#[folder = "assets"]
struct Assets;

/// A file, and its content type.
type File = (String, Cow<'static, [u8]>);

#[ws_server(listen = 8080)]
mod site {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Uptime {
        seconds: u64,
    }

    #[get("/")]
    fn index() -> Option<File> {
        file(Path("index.html"))
    }

    /// `None` is answered with 404.
    #[get("/{*path}")]
    fn file(Path(path): Path<&str>) -> Option<File> {
        let found = Assets::get(path)?;
        Some((found.metadata.mimetype().to_owned(), found.data))
    }

    #[tick(period = 1)]
    fn tell(uptime: &mut Uptime, server: &Server) {
        uptime.seconds += 1;
        server.broadcast_utf8(uptime.seconds.to_string());
    }
}

fn main() -> ws_runtime::Result<()> {
    site::server().start()
}
// ANCHOR_END: assets

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_file_has_its_content_type() -> ws_runtime::test::Result {
        let server = site::server().test().await?;
        for (path, content_type, begin) in [
            ("/", "text/html", "<!doctype html>"),
            ("/index.html", "text/html", "<!doctype html>"),
            ("/style.css", "text/css", "body {"),
            ("/scripts/clock.js", "text/javascript", "const"),
            ("/logo.svg", "image/svg+xml", "<svg"),
        ] {
            let answer = server.get(path).await?;
            assert_eq!(answer.status(), 200, "{path}");
            assert_eq!(answer.headers()["content-type"], content_type, "{path}");
            assert!(answer.body().starts_with(begin.as_bytes()), "{path}");
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_in_the_folder_is_not_found() -> ws_runtime::test::Result {
        let server = site::server().test().await?;
        for path in
            ["/other", "/scripts", "/scripts/", "/../assets.rs", "/%2e%2e%2fassets.rs", "//etc/passwd"]
        {
            assert_eq!(server.get(path).await?.status(), 404, "{path}");
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_is_told_the_time() -> ws_runtime::test::Result {
        let server = site::server().test().await?;
        let mut page = server.connect("/").await?;
        server.advance(2).await;
        assert_eq!((page.utf8().await?, page.utf8().await?), ("1".to_owned(), "2".to_owned()));
        Ok(())
    }
}
