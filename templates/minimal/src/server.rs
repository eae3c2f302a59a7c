use ws_runtime::prelude::*;

/// Sends back each text that it is sent.
#[ws_server(listen = 8080, health = "/healthz", readiness = "/readyz")]
pub mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[get("/")]
    fn page() -> Html<&'static str> {
        Html(include_str!("../web/index.html"))
    }
}
