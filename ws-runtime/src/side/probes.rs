//! The answers to the paths of `health` and `readiness`.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, HeaderValue};
use http::{Method, Response, StatusCode};

use crate::Server;
use crate::event::Service;
use crate::handshake::{Head, IntoResponse};
use crate::options::Options;
use crate::route::{Gets, RouteError, Routes};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// Whether the process lives.
    Health,
    /// Whether the server takes connections.
    Readiness,
}

/// The answer to a request for the path of `health` or of `readiness`; `None` if it is for another one.
///
/// Only its method and path matter: load balancers ask by HTTP/1.0, without `Host`, or with an address as one.
pub(crate) fn probe(server: &Server, head: &Head) -> Option<Response<Bytes>> {
    let Options { health, readiness, .. } = server.options();
    answer(server, head, [health.as_deref(), readiness.as_deref()])
}

/// Whether a path is that of a probe.
#[cfg(feature = "tower")]
pub(crate) fn is_probe(options: &Options, path: &str) -> bool {
    [&options.health, &options.readiness].into_iter().flatten().any(|probe| **probe == *path)
}

/// The same on the listeners of `metrics_listen`, which have these paths in any case.
pub(super) fn side_probe(server: &Server, head: &Head) -> Option<Response<Bytes>> {
    answer(server, head, side_paths(server.options()).map(Some))
}

/// The paths of `health` and of `readiness` on the listeners of `metrics_listen`.
pub(super) fn side_paths(options: &Options) -> [&str; 2] {
    let Options { health, readiness, .. } = options;
    [health.as_deref().unwrap_or("/healthz"), readiness.as_deref().unwrap_or("/readyz")]
}

fn answer(server: &Server, head: &Head, paths: [Option<&str>; 2]) -> Option<Response<Bytes>> {
    let asked = Some(head.path());
    let probes = [Probe::Health, Probe::Readiness].into_iter().zip(paths);
    let (probe, _) = probes.into_iter().find(|(_, path)| *path == asked)?;
    // HAProxy asks by OPTIONS, unless it is told otherwise.
    if !matches!(*head.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Some(allowing(StatusCode::METHOD_NOT_ALLOWED.into_response()));
    }
    let response = match probe.problem(server) {
        None => "ok\n".into_response(),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, problem).into_response(),
    };
    Some(if head.method() == Method::OPTIONS { allowing(response) } else { uncached(response) })
}

/// Whether the server has any such path.
pub(crate) fn has_probes(options: &Options) -> bool {
    options.health.is_some() || options.readiness.is_some()
}

/// What has the path of a probe, too.
pub(crate) fn conflicts<S: Service>(
    options: &Options,
    gets: &Gets<S>,
    routes: &Routes<S>,
) -> Vec<RouteError> {
    let probes = [("health", &options.health), ("readiness", &options.readiness)];
    let places = probes.into_iter().filter_map(|(option, path)| {
        let path = path.as_ref()?;
        let place = gets.place_of(path).or_else(|| routes.place_of(path))?;
        Some(RouteError::of_probe(option, place.clone()))
    });
    let both = options.health.as_ref().filter(|path| options.readiness.as_ref() == Some(path));
    places.chain(both.map(|path| RouteError::of_same_probe(path))).collect()
}

impl Probe {
    /// Why the answer is 503, if it is. Peers read it, so it tells nothing that they do not find out by themselves.
    fn problem(self, server: &Server) -> Option<&'static str> {
        match self {
            Self::Health => None,
            Self::Readiness if server.is_shutting_down() => Some("shutting down\n"),
            Self::Readiness if !server.has_started() => Some("starting\n"),
            Self::Readiness => None,
        }
    }
}

/// The same answer with the methods that are allowed.
fn allowing(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    uncached(response)
}

/// The same answer, which no cache may keep.
fn uncached(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
