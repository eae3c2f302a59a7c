mod server;
#[cfg(test)]
mod tests;

use server::echo;

fn main() -> ws_runtime::Result<()> {
    echo::server().start()
}
