//! Arguments that are made from an HTTP request: of a handshake, or a plain one.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, Uri};
use serde::Serialize;

use super::context::{ConnContext, FromContext, WithConn, WithEvent};
use super::reply::Json;
use crate::escape::Escaped;
use crate::handshake::{Bearer, FromPath, FromQuery, IntoResponse, JSON, Path, Query};
use crate::{Handshake, Reject, Request};

/// A context with an HTTP request: that of `handshake`, `create`, a guard of a route, `#[get]` with its guard, and
/// `request`.
///
/// An argument of your own that is made from a header or the query has this as its bound.
///
/// ```
/// use ws_runtime::event::{FromContext, WithRequest};
/// use ws_runtime::prelude::*;
///
/// /// Whether the client is a browser on a phone.
/// struct OnPhone(bool);
///
/// impl<'a, C: WithRequest<'a>> FromContext<'a, C> for OnPhone {
///     fn from_context(context: &mut C) -> Result<Self, Reject> {
///         Ok(Self(context.headers().get("sec-ch-ua-mobile").is_some_and(|value| value == "?1")))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this event has no request",
    label = "made from the request, which is gone",
    note = "`#[on(handshake)]`, `#[on(create)]`, a guard of a route, `#[get]` and `#[on(request)]` can take `Query`, `Bearer` and `Extension`, and `Path` where they are for one path; what later events need of them is kept in the `#[session]` that `handshake` returns"
)]
pub trait WithRequest<'a>: WithConn<'a> {
    /// The request target.
    fn uri(&self) -> &'a Uri;

    /// All headers.
    fn headers(&self) -> &'a HeaderMap;

    /// What the layers of the server around this one have added.
    #[cfg(feature = "tower")]
    fn extensions(&self) -> &'a http::Extensions;

    /// The token that the client passes in the request.
    #[doc(hidden)]
    fn bearer(&self) -> Option<Result<Bearer, Reject>>;

    /// The names and values of the path's parameters.
    #[doc(hidden)]
    fn path_parameters(&self) -> Vec<(&'a str, &'a str)>;
}

#[diagnostic::do_not_recommend]
impl<'a, St, Se: 'static> WithRequest<'a> for ConnContext<'a, St, Se, Handshake> {
    fn uri(&self) -> &'a Uri {
        self.event().uri()
    }

    #[cfg(feature = "tower")]
    fn extensions(&self) -> &'a http::Extensions {
        self.event().extensions()
    }

    fn headers(&self) -> &'a HeaderMap {
        self.event().headers()
    }

    fn bearer(&self) -> Option<Result<Bearer, Reject>> {
        self.event().take_bearer()
    }

    fn path_parameters(&self) -> Vec<(&'a str, &'a str)> {
        self.event().seen_parameters().collect()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, St, Se: 'static> WithRequest<'a> for ConnContext<'a, St, Se, Request> {
    fn uri(&self) -> &'a Uri {
        self.event().uri()
    }

    #[cfg(feature = "tower")]
    fn extensions(&self) -> &'a http::Extensions {
        self.event().extensions()
    }

    fn headers(&self) -> &'a HeaderMap {
        self.event().headers()
    }

    fn bearer(&self) -> Option<Result<Bearer, Reject>> {
        Bearer::of_headers(self.event().headers())
    }

    fn path_parameters(&self) -> Vec<(&'a str, &'a str)> {
        let parameters = self.event().parameters();
        parameters.first(parameters.len()).collect()
    }
}

impl<'a, C: WithRequest<'a>, T: FromPath<'a>> FromContext<'a, C> for Path<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        T::from_path(context.path_parameters()).map(Self).map_err(|reason| {
            let conn = context.conn().id();
            tracing::debug!(conn, reason = %Escaped(&reason), "answered with 404: the path does not fit");
            Reject::not_found()
        })
    }
}

impl<'a, C: WithRequest<'a>, T: FromQuery<'a>> FromContext<'a, C> for Query<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        match context.uri().query() {
            Some(query) => T::from_query(query).map(Self),
            None => T::from_query("").map(Self).map_err(Reject::absent),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithRequest<'a>> FromContext<'a, C> for Bearer {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        context.bearer().unwrap_or_else(|| Err(Self::absent()))
    }
}

/// The answer to a plain request as `application/json`.
impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Bytes> {
        match serde_json::to_vec(&self.0) {
            Ok(json) => {
                let mut response = Response::new(Bytes::from(json));
                response.headers_mut().insert(CONTENT_TYPE, JSON);
                response
            }
            Err(error) => {
                Err::<String, _>(format!("the answer does not serialise as JSON: {error}")).into_response()
            }
        }
    }
}
