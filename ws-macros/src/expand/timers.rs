//! The timers of the session, of the rooms and of the states: each with its field and its handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Member;
use syn::ext::IdentExt;

use super::handlers::{call, call_awaited, event_name, needs_event};
use super::parts::field as store_field;
use super::spans::{at, here, repeat};
use crate::model::{Argument, Flow, Owner, Payload, Role, TimerPlace};
use crate::plan::{Cell, Plan, State};
use crate::resolve::{Asks, Call};

/// `TIMERS`, in the implementation of `Route`.
pub(crate) fn of_session(plan: &Plan<'_>) -> TokenStream {
    let timers = plan.calls.iter().filter_map(|timer| {
        let place = place(timer)?;
        let field = match &place.owner {
            Owner::Session => field_of_struct(place),
            Owner::Phase(payload) => field_of_phase(place, payload, plan),
            Owner::State(_) | Owner::Room(_) => return None,
        };
        let call = call_awaited(timer, plan);
        let event = event_name(needs_event(timer));
        Some(declare(timer, place, Declares::Session, &field, &event, &call))
    });
    let timers: Vec<TokenStream> = timers.collect();
    if timers.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {here()=>
        const TIMERS: &'static [&'static dyn __ws_runtime::SessionTimer<Self>] = &[#(#timers),*];
    }
}

/// `ROOM_TIMERS`, in the implementation of `Route`.
pub(crate) fn of_rooms(plan: &Plan<'_>) -> TokenStream {
    let timers = plan.calls.iter().filter_map(|timer| {
        let place = place(timer).filter(|place| matches!(place.owner, Owner::Room(_)))?;
        let (field, call) = (field_of_struct(place), call_awaited(timer, plan));
        Some(declare(timer, place, Declares::Room, &field, &event_name(true), &call))
    });
    let timers: Vec<TokenStream> = timers.collect();
    if timers.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {here()=>
        const ROOM_TIMERS: &'static [&'static dyn __ws_runtime::RoomTimer<Self>] = &[#(#timers),*];
    }
}

/// Stops the timer of a room: under the lock that the handler holds, or under one of its own.
pub(super) fn fire_in_room(timer: &Call<'_>, held: Option<&Ident>) -> TokenStream {
    if place(timer).is_none_or(|place| !matches!(place.owner, Owner::Room(_))) {
        return TokenStream::new();
    }
    let firing = quote_spanned!(here()=> let firing = event.firing(););
    match held {
        Some(lock) => {
            let fire = fire(lock);
            quote_spanned!(here()=> #firing #fire)
        }
        None => {
            let lock = Ident::new("lock", here());
            let fire = fire(&lock);
            quote_spanned! {here()=>
                #firing
                {
                    let ::core::option::Option::Some(mut #lock) = event.lock().await else {
                        return ::core::result::Result::Ok(());
                    };
                    #fire
                }
            }
        }
    }
}

/// `TIMED_STATES`, in the implementation of `Service`.
pub(crate) fn of_states(plan: &Plan<'_>) -> TokenStream {
    let states: Vec<TokenStream> = plan
        .states
        .iter()
        .filter(|state| state.cell == Cell::Timed)
        .map(|state| timed_state(state, plan))
        .collect();
    if states.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {here()=>
        const TIMED_STATES: &'static [&'static dyn __ws_runtime::TimedState<Self>] = &[#(#states),*];
    }
}

fn timed_state(state: &State, plan: &Plan<'_>) -> TokenStream {
    let (cfgs, name) = (state.part.cfgs.attributes(), repeat(&state.part.name));
    let cell = store_field(state.number);
    let timers = plan.calls.iter().filter(|timer| timer.timed_state == Some(state.number));
    let timers = timers.filter_map(|timer| {
        let call = call(timer, plan);
        let first = if fires_in_arguments(timer) {
            quote_spanned!(here()=> let firing = event.firing();)
        } else {
            let lock = Ident::new("lock", here());
            let fire = fire(&lock);
            quote_spanned! {here()=>
                let firing = event.firing();
                {
                    let mut #lock = event.store().#cell.lock();
                    #fire
                }
            }
        };
        let call = quote_spanned!(here()=> #first #call);
        let place = place(timer)?;
        Some(declare(timer, place, Declares::State(&name), &field_of_struct(place), &event_name(true), &call))
    });
    quote_spanned! {here()=>
        #cfgs
        &__ws_runtime::StateTimers::<Self, #name> { cell: |store| &store.#cell, timers: &[#(#timers),*] }
    }
}

/// Stops the timer under the lock, or returns because it is no longer due.
pub(crate) fn fire(lock: &Ident) -> TokenStream {
    quote_spanned! {here()=>
        if !firing.fire(&mut #lock) {
            return ::core::result::Result::Ok(());
        }
    }
}

/// Whether a timer's handler takes its state, so that the timer is stopped under the lock under which the handler runs.
fn fires_in_arguments(timer: &Call<'_>) -> bool {
    timer.arguments.iter().any(|(argument, asks)| fires_with(timer, argument, *asks))
}

/// Whether the timer is stopped when this argument is made.
pub(crate) fn fires_with(timer: &Call<'_>, argument: &Argument, asks: Asks) -> bool {
    let is_its_state = matches!(asks, Asks::State(state, _) if timer.timed_state == Some(state));
    is_its_state && timer.handler.flow == Flow::Plain && argument.cfgs.0.is_empty()
}

fn place<'s>(timer: &Call<'s>) -> Option<&'s TimerPlace> {
    match &timer.handler.role {
        Role::Timer(place) => Some(place),
        Role::On(_)
        | Role::Named(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::Get(_)
        | Role::GetGuard
        | Role::Tick { .. }
        | Role::Watch { .. } => None,
    }
}

/// Whose timer is declared.
#[derive(Debug, Clone, Copy)]
enum Declares<'n> {
    Session,
    State(&'n Ident),
    Room,
}

fn declare(
    timer: &Call<'_>,
    place: &TimerPlace,
    whose: Declares<'_>,
    field: &TokenStream,
    event: &Ident,
    call: &TokenStream,
) -> TokenStream {
    let (cfgs, name) = (timer.cfgs.attributes(), timer.handler.name.unraw().to_string());
    let last = at(place.members.last().map_or_else(here, span));
    let (function, state) = match whose {
        Declares::Session => ("session_timer", None),
        Declares::State(name) => ("state_timer", Some(quote_spanned!(last=> #name,))),
        Declares::Room => ("room_timer", None),
    };
    let boxed = || quote_spanned!(here()=> ::std::boxed::Box::pin(async move { #call }));
    let (function, body) = match (whose, timer.handler.flow) {
        // It always waits for the lock on the room.
        (Declares::Room, _) => (function.to_owned(), boxed()),
        (Declares::Session | Declares::State(_), Flow::Plain) if !timer.locks_room() => {
            (function.to_owned(), quote_spanned!(here()=> { #call }))
        }
        (Declares::Session | Declares::State(_), _) => (format!("{function}_async"), boxed()),
    };
    let function = Ident::new(&function, last);
    // All stands where the field does, at which the compiler points if that is no timer.
    quote_spanned! {last=>
        #cfgs
        &__ws_runtime::#function::<Self, #state _, _, _>(
            #name,
            |owner| #field,
            |#event| #body,
        )
    }
}

fn field_of_struct(place: &TimerPlace) -> TokenStream {
    let last = at(place.members.last().map_or_else(here, span));
    let field = field("owner", &place.members);
    quote_spanned!(last=> ::core::option::Option::Some(#field))
}

/// The field in the phases that have it. In the others there is no timer.
fn field_of_phase(place: &TimerPlace, payload: &Ident, plan: &Plan<'_>) -> TokenStream {
    let last = at(place.members.last().map_or_else(here, span));
    let field = field("payload", &place.members);
    let arms =
        plan.sessions.iter().flat_map(|session| session.phases.iter().map(move |phase| (session, phase)));
    let arms = arms.filter(|(_, phase)| phase.payload.as_ref().and_then(Payload::name) == Some(payload));
    let arms = arms.map(|(session, phase)| {
        let (of_session, of_phase) = (session.cfgs.attributes(), phase.cfgs.attributes());
        let (name, variant) = (repeat(&session.name), repeat(&phase.name));
        quote_spanned! {last=>
            #of_session #of_phase
            #name::#variant(payload) => ::core::option::Option::Some(#field),
        }
    });
    quote_spanned! {last=>
        match owner {
            #(#arms)*
            #[allow(unreachable_patterns)]
            _ => ::core::option::Option::None,
        }
    }
}

/// The field of its owner, as the user wrote it.
fn field(owner: &str, members: &[Member]) -> TokenStream {
    let owner = Ident::new(owner, at(members.last().map_or_else(here, span)));
    let mut field = quote!(#owner);
    for member in members {
        let dot = quote_spanned!(at(span(member))=> .);
        let member = match member {
            Member::Named(name) => name.to_token_stream(),
            Member::Unnamed(index) => index.to_token_stream(),
        };
        field = quote!(#field #dot #member);
    }
    let place = members.last().map_or_else(here, span);
    quote_spanned!(at(place)=> &mut #field)
}

fn span(member: &Member) -> Span {
    match member {
        Member::Named(name) => name.span(),
        Member::Unnamed(index) => index.span,
    }
}
