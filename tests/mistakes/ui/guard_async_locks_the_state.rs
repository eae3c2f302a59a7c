// "It counts what it refuses."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    #[state]
    #[derive(Default)]
    struct Count(u32);

    async fn admin(count: &mut Count) -> Result<(), Reject> {
        count.0 += 1;
        Err(Reject::forbidden())
    }


    #[on("kick", guard = admin)]
    fn kick(Json(who): Json<String>) -> usize {
        who.len()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
