//! One poll for each path: those who are connected see how it goes.

// ANCHOR: poll
use std::collections::HashMap;

use serde::Serialize;
use ws_runtime::prelude::*;

use crate::server::{Tally, User};

#[route("/poll/{name}", server = crate::server, guard = signed_in)]
pub(crate) mod route {
    use super::*;

    #[room(keep = 3600)]
    #[derive(Default)]
    struct Poll {
        votes: HashMap<String, bool>,
    }

    #[push]
    #[derive(Serialize)]
    struct Standing {
        yes: usize,
        no: usize,
    }

    /// A guard of this route: the functions of the server's module are not in sight here.
    fn signed_in(user: Option<&User>) -> Result<(), Reject> {
        user.map(|_| ()).ok_or_else(Reject::unauthorized)
    }

    #[on(ready)]
    fn show(poll: &Poll) -> Standing {
        poll.standing()
    }

    #[on("vote")]
    fn vote(Json(vote): Json<bool>, user: &User, poll: &mut Poll, tally: &mut Tally, room: &Room) {
        if poll.votes.insert(user.name.clone(), vote).is_none() {
            tally.votes += 1;
        }
        room.broadcast(poll.standing());
    }

    impl Poll {
        fn standing(&self) -> Standing {
            let yes = self.votes.values().filter(|yes| **yes).count();
            Standing { yes, no: self.votes.len() - yes }
        }
    }
}
// ANCHOR_END: poll
