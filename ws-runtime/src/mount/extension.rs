//! What the layers of the server around this one know of a request, as an argument.

use crate::Reject;
use crate::event::{FromContext, WithRequest};

/// What a layer of the server around this one has added to the request: the user of an auth layer, a request id.
///
/// An argument of `handshake`, `create`, guards of routes, `#[get]` and `request`, for a server that is
/// [mounted](crate::Builder::mount). The handler gets a clone, so `T` implements `Clone`. A layer of the router that a
/// server passes plain requests on to, by [`http`](crate::Builder::http), sees no handshake, and adds nothing to it.
/// Where nothing of this type was added, the request is answered with 500, which is logged; `Option<Extension<T>>` is
/// `None` then.
///
/// ```
/// use ws_runtime::Extension;
/// use ws_runtime::prelude::*;
///
/// #[derive(Clone)]
/// pub struct User { name: String }
///
/// #[ws_server]
/// mod chat {
///     use super::*;
///
///     #[session]
///     struct Guest { name: String }
///
///     #[on(handshake)]
///     fn who(Extension(user): Extension<User>) -> Guest {
///         Guest { name: user.name }
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extension<T>(pub T);

/// What a layer can add to a request.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an extension of a request",
    label = "has to implement `Clone`, `Send` and `Sync`",
    note = "the handler gets a copy of it: `#[derive(Clone)]`, or let the layer add an `Arc<{Self}>`, and take `Extension<Arc<{Self}>>`"
)]
pub trait Extends: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Extends for T {}

impl<'a, C: WithRequest<'a>, T: Extends> FromContext<'a, C> for Extension<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        context.extensions().get::<T>().cloned().map(Self).ok_or_else(|| {
            let wanted = std::any::type_name::<T>();
            Reject::mistaken(format!(
                "no layer has added an extension of the type `{wanted}` to the request; layers of the router given to \
                 `.http(…)` do not see handshakes"
            ))
            .absent()
        })
    }
}
