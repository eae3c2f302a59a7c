//! The room: its type, and how handlers reach it by another name.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::{has_handler, part_type};
use crate::events::Event;
use crate::expand::spans::{at, here};
use crate::model::{Part, Room, Scope};
use crate::plan::Plan;

/// The type of the room: `()` where there is none.
pub(crate) fn room_type(plan: &Plan<'_>) -> TokenStream {
    let nothing = quote_spanned!(here()=> ());
    if plan.scope.parts_unclear {
        return nothing;
    }
    part_type("__Room", &parts(plan)).unwrap_or(nothing)
}

/// Under `#[cfg]` the type has an alias.
pub(super) fn alias(plan: &Plan<'_>) -> TokenStream {
    super::alias("__Room", &parts(plan), &quote_spanned!(here()=> ()))
}

/// What each room type is for the runtime. Also of a second one, which is a mistake, since signatures name its handle.
pub(super) fn rooms(plan: &Plan<'_>) -> TokenStream {
    let Scope { rooms, types, .. } = plan.scope;
    let declared = |room: &&Room| types.contains(&room.part.name);
    rooms.iter().filter(declared).map(|room| implement(&room.part, plan)).collect()
}

fn parts(plan: &Plan<'_>) -> Vec<Part> {
    plan.rooms.iter().map(|room| room.part.clone()).collect()
}

fn implement(room: &Part, plan: &Plan<'_>) -> TokenStream {
    let (name, cfgs) = (&room.name, room.cfgs.attributes());
    let place = at(name.span());
    let made = has_handler(plan, Event::Create).then(|| {
        quote_spanned! {place=>
            #cfgs
            #[automatically_derived]
            impl __ws_runtime::IntoRoom<#name> for #name {
                fn into_room(self) -> ::core::result::Result<#name, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(self)
                }
            }
        }
    });
    let state = quote_spanned! {place=>
        #cfgs
        #[automatically_derived]
        impl __ws_runtime::RoomState for #name {
            type Handle = __ws_runtime::TypedRoom<#name>;
        }

        #cfgs
        #[automatically_derived]
        impl __ws_runtime::HasState for #name {
            type State = #name;

            fn lend(room: &mut Self) -> &mut #name {
                room
            }
        }
    };
    if plan.scope.parts_unclear {
        // Signatures name its handle, also those of other modules.
        return state;
    }
    let forms = [quote_spanned!(place=> &'a #name), quote_spanned!(place=> &'a mut #name)];
    quote_spanned! {place=>
        #state

        #(
            #cfgs
            #[automatically_derived]
            impl<'a, __C: __ws_runtime::LocksRoomByAnyName<#name>> __ws_runtime::FromContext<'a, __C> for #forms {
                fn from_context(context: &mut __C) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(context.lend())
                }
            }
        )*

        #made
    }
}
