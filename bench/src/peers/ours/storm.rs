//! Rooms that a storm of peers comes to and leaves, and honest peers in rooms of the same route.

use ws_runtime::prelude::*;

/// The id of a room that `create` refuses begins with this.
pub(crate) const REFUSED: &str = "refused";

/// The id of a room whose `create` panics begins with this.
pub(crate) const PANICS: &str = "panics";

/// The id of a room whose `empty` panics begins with this.
pub(crate) const PANICS_LATE: &str = "late";

#[ws_server]
mod arena {
    use super::*;

    #[route("/room/{id}")]
    mod rooms {
        use super::*;

        #[room(max_rooms = 1_000)]
        struct Table {
            panics: bool,
            messages: u64,
        }

        #[on(create)]
        fn create(Path(id): Path<String>) -> Result<Table, Reject> {
            if id.starts_with(REFUSED) {
                return Err(Reject::not_found());
            }
            assert!(!id.starts_with(PANICS), "this room cannot be made");
            Ok(Table { panics: id.starts_with(PANICS_LATE), messages: 0 })
        }

        #[on(binary)]
        fn data<'a>(table: &mut Table, data: &'a [u8]) -> &'a [u8] {
            table.messages += 1;
            data
        }

        #[on(empty)]
        #[expect(clippy::needless_pass_by_value, reason = "a room is emptied by value")]
        fn empty(table: Table) {
            assert!(!table.panics, "this room cannot be emptied");
        }
    }

    #[route("/plain/{id}")]
    mod plain {
        use super::*;

        #[on(binary)]
        fn data(data: &[u8]) -> &[u8] {
            data
        }
    }

    fn nobody() -> Result<(), Reject> {
        Err(Reject::forbidden())
    }

    #[route("/closed/{id}", guard = nobody)]
    mod closed {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            messages: u64,
        }

        #[on(binary)]
        fn data<'a>(table: &mut Table, data: &'a [u8]) -> &'a [u8] {
            table.messages += 1;
            data
        }
    }
}

pub(super) use self::arena::server;
