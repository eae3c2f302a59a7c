//! The rooms of a route: how they are made and emptied, their ticks, and how a handler locks one.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::parts::room_type;
use super::spans::{at, heart, here, otherwise};
use super::values::seconds;
use super::{timed, timers};
use crate::events::{Event, Surroundings};
use crate::model::{Argument, Room, Rules};
use crate::plan::Plan;
use crate::resolve::{Access, Asks, Call};

/// How a handler gets the lock on the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// If it is free. If not, the message waits, and is handled later.
    AtOnce,
    /// It waits for it.
    Awaited,
}

/// What a route says of its rooms.
pub(crate) fn rooms(plan: &Plan<'_>) -> TokenStream {
    let room = room_type(plan);
    if !plan.scope.has_rooms {
        return quote_spanned!(here()=> type Room = #room;);
    }
    let rules: TokenStream = plan.rooms.iter().map(|room| rules(room, plan)).collect();
    let create = fresh_room(plan);
    let ticks = timed::room_ticks(plan);
    let timers = timers::of_rooms(plan);
    quote_spanned! {here()=>
        type Room = #room;

        const HAS_ROOMS: ::core::primitive::bool = true;

        #rules
        #create
        #ticks
        #timers
    }
}

fn rules(Room { part, rules }: &Room, plan: &Plan<'_>) -> TokenStream {
    if plan.scope.parts_unclear {
        return TokenStream::new();
    }
    let Rules { keep, max_rooms, open: _, are_unclear: _ } = rules;
    let cfgs = part.cfgs.attributes();
    let keep = match keep {
        Some(value) => seconds(value),
        None => {
            quote_spanned!(here()=> <__ws_runtime::RoomRules as ::core::default::Default>::default().keep)
        }
    };
    let max_rooms = match max_rooms {
        Some(value) => value.to_token_stream(),
        None => {
            quote_spanned!(here()=> <__ws_runtime::RoomRules as ::core::default::Default>::default().max_rooms)
        }
    };
    quote_spanned! {here()=>
        #cfgs
        fn room_rules() -> ::core::option::Option<__ws_runtime::RoomRules> {
            ::core::option::Option::Some(__ws_runtime::RoomRules { keep: #keep, max_rooms: #max_rooms })
        }
    }
}

/// `create` where no handler makes the room: it begins as its `Default`.
fn fresh_room(plan: &Plan<'_>) -> Option<TokenStream> {
    let cfg = otherwise(plan.calls_of(Event::Create).map(|call| &call.cfgs))?;
    let body = if plan.room_unclear {
        // Never run: there is an error already.
        quote_spanned!(here()=> ::core::unimplemented!())
    } else {
        let place = plan.rooms.first().map_or_else(here, |room| at(room.part.name.span()));
        let fresh = quote_spanned!(place=> __ws_runtime::FreshRoom::fresh());
        quote_spanned!(here()=> ::core::result::Result::Ok(#fresh))
    };
    Some(quote_spanned! {here()=>
        #cfg
        fn create<'a>(
            _: __ws_runtime::OpeningEvent<'a, Self::Server, __ws_runtime::Handshake>,
        ) -> impl ::core::future::Future<Output = ::core::result::Result<Self::Room, __ws_runtime::Reject>>
             + ::core::marker::Send {
            async { #body }
        }
    })
}

/// Waits for the lock on the room, if the handler takes it: the first statement of its future.
pub(super) fn wait(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let Some((argument, access)) = locked(call) else { return timers::fire_in_room(call, None) };
    let place = at(heart(&argument.ty));
    let cfgs = argument.cfgs.attributes();
    let (lock, changed) = (lock(argument), changed(access));
    if call.handler.row().surroundings == Surroundings::Room {
        if !argument.cfgs.0.is_empty() {
            // Where the argument does not exist, the handler holds no lock.
            let fired = timers::fire_in_room(call, None);
            return quote_spanned! {place=>
                #fired
                #cfgs
                let ::core::option::Option::Some(#changed #lock) = event.lock().await else {
                    return ::core::result::Result::Ok(());
                };
            };
        }
        let fired = timers::fire_in_room(call, Some(&lock));
        let changed = if fired.is_empty() { changed } else { Some(quote_spanned!(place=> mut)) };
        return quote_spanned! {place=>
            let ::core::option::Option::Some(#changed #lock) = event.lock().await else {
                return ::core::result::Result::Ok(());
            };
            #fired
        };
    }
    let room = room_type(plan);
    quote_spanned! {place=>
        #cfgs
        let #changed #lock = __ws_runtime::lock_room::<#room>(event.conn()).await;
    }
}

/// Takes the lock on the room, if the handler takes it; or returns that the message has to wait, if another handler
/// has it. The first statement, so that arguments are made once for a message, whether it waits or not.
pub(super) fn take(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let Some((argument, access)) = locked(call) else { return TokenStream::new() };
    let (cfgs, held) = (argument.cfgs.attributes(), lock(argument));
    let (room, changed) = (room_type(plan), changed(access));
    quote_spanned! {at(heart(&argument.ty))=>
        #cfgs
        let ::core::option::Option::Some(#changed #held) = __ws_runtime::try_lock_room::<#room>(event.conn()) else {
            return ::core::result::Result::Ok(__ws_runtime::Handled::Later);
        };
    }
}

/// Lends the room. A lock is held until the handler's value has become a reply, which may borrow from the room.
pub(super) fn lend(name: &Ident, argument: &Argument, access: Access) -> TokenStream {
    let place = at(heart(&argument.ty));
    let (cfgs, held) = (argument.cfgs.attributes(), lock(argument));
    let lent = match access {
        Access::Mutable => quote_spanned!(place=> &mut *#held),
        Access::Shared | Access::Value => quote_spanned!(place=> &*#held),
    };
    quote_spanned!(place=> #cfgs let #name = #lent;)
}

/// Lends the room to its `empty` handler, or gives it away.
pub(super) fn give(name: &Ident, argument: &Argument, access: Access) -> TokenStream {
    let place = at(heart(&argument.ty));
    let (cfgs, state) = (argument.cfgs.attributes(), Ident::new("state", here()));
    let given = match access {
        Access::Mutable => quote_spanned!(place=> &mut #state),
        Access::Shared => quote_spanned!(place=> &#state),
        Access::Value => state.to_token_stream(),
    };
    quote_spanned!(place=> #cfgs let #name = #given;)
}

/// The parameter of `empty` for the room.
pub(super) fn state(call: &Call<'_>) -> TokenStream {
    let (mut name, mut changed) = ("_state", None);
    for (_, asks) in &call.arguments {
        if let Asks::Room(access) = asks {
            name = "state";
            changed = (*access == Access::Mutable).then(|| quote_spanned!(here()=> mut));
        }
    }
    let name = Ident::new(name, here());
    quote_spanned!(here()=> #changed #name: Self::Room)
}

/// The argument for which the room is locked.
fn locked<'c>(call: &Call<'c>) -> Option<(&'c Argument, Access)> {
    call.arguments.iter().find_map(|(argument, asks)| match asks {
        Asks::Room(access) if call.locks_room() => Some((*argument, *access)),
        _ => None,
    })
}

fn lock(argument: &Argument) -> Ident {
    Ident::new("room_lock", at(heart(&argument.ty)))
}

fn changed(access: Access) -> Option<TokenStream> {
    (access == Access::Mutable).then(|| quote_spanned!(here()=> mut))
}
