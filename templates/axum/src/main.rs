mod api;
mod server;
#[cfg(test)]
mod tests;

use server::chat;

fn main() -> ws_runtime::Result<()> {
    chat::server().http(api::router()).start()
}
