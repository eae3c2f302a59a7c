//! Runs the `blocking` handler of a message on a thread of its own, while the connection's task goes on.
//!
//! The session moves there and back, so that no other handler of the connection can have it meanwhile. It comes back
//! also after a panic. Only a server that ends without waiting for the handler loses it.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tracing::Span;
use tracing::dispatcher::{self, Dispatch};

use super::call::{Panicked, Verdict, catch_now};
use super::observe::Call;
use super::{Dispatcher, OnRefusal};
use crate::Reject;
use crate::conn::drive::Driver;
use crate::event::{ConnEvent, Failure, Outcome, Received, Route};
use crate::timer::Started;

/// What comes back from the other thread.
struct Returned<Se> {
    session: Option<Se>,
    message: Received<'static>,
    ended: Result<Outcome, Panicked>,
    /// When the first of the timers is due that the handler has started.
    timers: Option<Instant>,
}

impl<R: Route> Dispatcher<R> {
    /// Runs the `blocking` handler of a message to its end, within this span, while the socket is driven too.
    pub(super) async fn run_blocking(
        &mut self,
        driver: &mut Driver,
        message: Received<'static>,
        span: Span,
    ) -> Verdict {
        let handler = message.handler::<R>();
        let conn = self.conn().clone();
        let server = conn.server();
        let Some(place) = server.place_for_blocking() else {
            if server.allows_log("max_blocking") {
                let most = server.options().max_blocking;
                tracing::warn!(
                    handler,
                    server = server.name(),
                    "handler not run: max_blocking ({most}) reached"
                );
            }
            let busy = Reject::service_unavailable()
                .with_code("unavailable")
                .text("the server is busy: try again later");
            return self.fail(handler, OnRefusal::of_full::<R>(&message), Ok(Failure::told(busy)));
        };
        let (hosted, mut session) = (Arc::clone(&self.hosted), self.session.take());
        let mut call = Call::begin(server, handler);
        let log = (!span.is_disabled()).then(|| dispatcher::get_default(Clone::clone));
        let running = spawn_blocking({
            let conn = conn.clone();
            move || {
                let started = Started::begin();
                let event = ConnEvent::new(&conn, &hosted.store, &mut session);
                let ended = within(log.as_ref(), &span, || {
                    call.stretch_elsewhere(|| catch_now(|| message.handle_blocking::<R>(event)))
                });
                call.end();
                drop(span);
                drop(place);
                Returned { session, message, ended, timers: started.end() }
            }
        });
        let Some(returned) = driver.wait_for(running).await else { return Verdict::End };
        let Returned { session, message, ended, timers } = returned;
        self.session = session;
        driver.timer_started(timers);
        let verdict = self.conclude(handler, OnRefusal::of::<R>(&message), Some(ended));
        message.give_back();
        if driver.is_cancelled() { Verdict::End } else { verdict }
    }
}

/// Runs what belongs to a span on another thread. `log` is the subscriber that the span belongs to, as the other thread
/// may have none; `None` where nothing is traced.
fn within<T>(log: Option<&Dispatch>, span: &Span, run: impl FnOnce() -> T) -> T {
    match log {
        Some(log) => dispatcher::with_default(log, || span.in_scope(run)),
        None => run(),
    }
}
