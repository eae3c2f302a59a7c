// Handlers that take what a layer has added, and types of the same names that take nothing from one.
#![deny(warnings)]

use std::sync::Arc;

use ws_runtime::Extension;
use ws_runtime::event::{FromContext, WithRequest};
use ws_runtime::prelude::*;

#[derive(Clone)]
pub struct User {
    is_admin: bool,
}

// It has no `Clone`: a layer adds it in an `Arc`.
pub struct Account {
    name: String,
}

// Every event with a request takes it.
#[ws_server]
mod chat {
    use super::*;

    #[identity]
    struct Member(pub User);

    #[on(handshake)]
    fn who(user: Option<Extension<User>>) -> Option<Member> {
        user.map(|Extension(user)| Member(user))
    }

    #[on(request)]
    fn page(Extension(account): Extension<Arc<Account>>) -> String {
        account.name.clone()
    }

    fn admin(Extension(user): Extension<User>) -> Result<(), Reject> {
        if user.is_admin { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[get("/users", guard = admin)]
    fn users(Extension(user): ws_runtime::Extension<User>) -> String {
        user.is_admin.to_string()
    }

    #[route("/table/{id}", guard = admin)]
    mod table {
        use super::*;

        #[room]
        struct Table {
            owner: String,
        }

        #[on(create)]
        fn open(Extension(account): Extension<Arc<Account>>) -> Table {
            Table { owner: account.name.clone() }
        }

        #[on(utf8)]
        fn said(table: &Table, member: Option<&Member>) -> String {
            format!("{} {}", table.owner, member.is_some_and(|member| member.0.is_admin))
        }
    }
}

pub trait FromRequestParts<S> {}

// Types of the module that have such names.
#[ws_server]
mod names {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Extension(u64);

    #[session]
    #[derive(Default)]
    struct HeaderMap {
        count: u64,
    }

    struct Claims(String);

    impl<S> FromRequestParts<S> for Claims {}

    impl<'a, C: WithRequest<'a>> FromContext<'a, C> for Claims {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Self(context.uri().to_string()))
        }
    }

    #[on(request)]
    fn page(claims: Claims) -> String {
        claims.0
    }

    #[on(utf8)]
    fn said(extension: &Extension, headers: &mut HeaderMap) -> String {
        headers.count += extension.0;
        headers.count.to_string()
    }
}

fn main() {
    let _servers = (chat::server(), names::server());
}
