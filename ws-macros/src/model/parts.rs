//! The types that are marked in a module: states, sessions, identities, rooms and pushes.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, Generics, LitStr, Member, Type};

use crate::cfgs::Cfgs;

/// A type marked `#[room]`: the state of a room, of which each path has one.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) part: Part,
    pub(crate) rules: Rules,
}

/// The arguments of `#[room(…)]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// How long an empty room is kept.
    pub(crate) keep: Option<Expr>,
    /// How many rooms there may be at once.
    pub(crate) max_rooms: Option<Expr>,
    /// The word that lets whoever asks for a path make its room.
    pub(crate) open: Option<Ident>,
    /// Whether a part of them was reported: it may have said who makes the rooms.
    pub(crate) are_unclear: bool,
}

/// A type marked `#[state]`, `#[session]`, `#[identity]` or `#[room]`.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: Ident,
    pub(crate) reach: Reach,
    pub(crate) cfgs: Cfgs,
    /// Whether `#[state(lock)]` says that a route in another file changes it.
    pub(crate) is_locked: bool,
    /// The field that connections are found by, of an identity.
    pub(crate) key: Option<Member>,
    /// The variants, of a session that is an enum.
    pub(crate) phases: Vec<Phase>,
}

/// A variant of the session: a phase of the connection.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: Ident,
    /// What handlers can take in this phase.
    pub(crate) payload: Option<Payload>,
    pub(crate) cfgs: Cfgs,
    /// What answers a message that is for another phase, from `#[reject(…)]`.
    pub(crate) status: Option<Expr>,
    pub(crate) text: Option<LitStr>,
    pub(crate) code: Option<LitStr>,
}

/// The only field of a tuple variant.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    /// Without the `Box` around it.
    pub(crate) ty: Type,
    pub(crate) is_boxed: bool,
}

impl Payload {
    /// The name of its type.
    pub(crate) fn name(&self) -> Option<&Ident> {
        match &self.ty {
            Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
            _ => None,
        }
    }

    /// Whether another payload has the same type, as it is written.
    pub(crate) fn is_type_of(&self, other: &Self) -> bool {
        self.ty.to_token_stream().to_string() == other.ty.to_token_stream().to_string()
    }
}

/// The type marked `#[push]`: what the server may send on its own.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) name: Ident,
    /// The type of the message.
    pub(crate) wire: LitStr,
    /// What the peer answers, if it is a question.
    pub(crate) answer: Option<Type>,
    pub(crate) generics: Generics,
    pub(crate) cfgs: Cfgs,
    /// The index of its item in the module.
    pub(crate) item: usize,
}

/// Whether a type can be named outside the module.
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    Private,
    /// By this visibility.
    Public(TokenStream),
}
