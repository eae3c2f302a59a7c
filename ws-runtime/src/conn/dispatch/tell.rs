//! Tells the peer, by an error reply, why a named message has failed.

use super::call::{Panicked, Verdict, report};
use crate::Reject;
use crate::conn::Conn;
use crate::conn::send::Phase;
use crate::escape::Escaped;
use crate::event::{Close, ClosedBy, Failure, Refusal};
use crate::message::{self, Keys, ReplyTo};

/// Answers a message that has failed. The connection goes on, unless the handler panicked or the peer has made too many
/// mistakes.
#[cold]
pub(in crate::conn) fn tell(
    conn: &Conn,
    handler: &'static str,
    keys: &Keys,
    to: ReplyTo<'_>,
    failed: Result<Failure, Panicked>,
) -> Verdict {
    let failure = match failed {
        Ok(failure) => failure,
        Err(panicked) => {
            let verdict = report(conn, handler, Err(panicked));
            conn.send_path().push_close(Close::panic());
            return verdict;
        }
    };
    match failure.refusal() {
        Some(Refusal::Runtime(reject)) => {
            if !conn.allows_error() {
                tracing::debug!(conn = conn.id(), "too many errors");
                conn.send_path().push_close(Close::new(1008, "too many errors", ClosedBy::Rate));
                return Verdict::End;
            }
            conn.server().counters().failed(handler, failure.as_str());
            log(conn, handler, reject);
            message::error(conn, handler, keys, to, reject);
        }
        Some(Refusal::Handler(reject)) => {
            conn.server().counters().failed(handler, failure.as_str());
            log(conn, handler, reject);
            message::error(conn, handler, keys, to, reject);
        }
        Some(Refusal::NoBinary) | None => {
            report(conn, handler, Ok(Err(failure)));
            message::error(conn, handler, keys, to, &Reject::internal());
        }
    }
    if conn.phase() == Phase::Gone { Verdict::End } else { Verdict::GoOn }
}

/// Told to the peer, who is most likely the cause.
fn log(conn: &Conn, handler: &'static str, reject: &Reject) {
    tracing::debug!(
        handler,
        conn = conn.id(),
        code = reject.code(),
        reason = %Escaped(reject.message()),
        "message refused"
    );
}
