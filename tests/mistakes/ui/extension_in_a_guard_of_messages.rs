// "A guard asks the layer who it is", by the path of axum.

use ws_runtime::prelude::*;

mod axum {
    pub struct Extension<T>(pub T);
}

#[derive(Clone)]
pub struct User {
    is_admin: bool,
}

#[ws_server]
mod chat {
    use super::*;

    fn admin(user: axum::Extension<User>) -> Result<(), Reject> {
        if user.0.is_admin { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[on("stop", guard = admin)]
    fn stop() {}
}

fn main() {}
