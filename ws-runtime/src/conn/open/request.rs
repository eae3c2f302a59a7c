//! The first request of a connection: reads and classifies it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;

use super::answer::Answer;
use super::deadline::{Interrupted, unless_interrupted};
use super::reason::{NotOpened, Reason};
use crate::conn::Conn;
use crate::event::Service;
use crate::handshake::{self, Classified, Head, HeadError, HeadLimits, HeadReader, Transport};
use crate::listen::{Address, Stream};
use crate::log::Escaped;
use crate::options::Options;
use crate::server::{Hosted, Slot};

/// Reads the head of the request; gives the stream back with it.
pub(super) async fn read_head(
    options: &Options,
    interruption: Pin<&mut impl Future<Output = Interrupted>>,
    slot: &Slot,
    mut stream: Stream,
) -> Result<(Head, Stream), NotOpened> {
    let limits = HeadLimits { max_header_size: options.max_header_size, max_headers: options.max_headers };
    let mut reader = HeadReader::new(limits);
    let read = {
        let reading = pin!(reader.read(&mut stream));
        unless_interrupted(interruption, pin!(slot.wait_for_peer(reading))).await
    };
    match read {
        Ok(read) => match read? {
            Ok(head) => Ok((head, stream)),
            Err(HeadError::Io(error)) => Err(Reason::Io(error).into()),
            Err(HeadError::Closed) => Err(Reason::Closed.into()),
            Err(HeadError::Refused(refusal)) => Err(Answer::refusal(stream, refusal).into()),
        },
        // A browser that connects ahead of need would take an answer for the one to its next request.
        Err(interrupted) if !reader.has_begun() => Err(interrupted.into()),
        Err(interrupted) => Err(Answer::interrupted(stream, interrupted).into()),
    }
}

/// Classifies the request, and warns of foreign web pages.
pub(super) fn classify<S: Service>(hosted: &Hosted<S>, conn: &Conn, head: Head) -> Classified {
    let transport =
        Transport { encrypted: hosted.tls.is_some(), has_host: matches!(conn.peer(), Address::Tcp(_)) };
    let classified = handshake::classify(head, &hosted.server.options().origins, transport);
    if let Classified::ForeignPage(origin) = &classified {
        warn_of_foreign_page(origin);
    }
    classified
}

/// Logs the first page that is refused as a warning, because its browser does not say why; the next ones at debug.
fn warn_of_foreign_page(origin: &HeaderValue) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let origin = origin.as_bytes();
    let origin = String::from_utf8_lossy(origin.get(..MAX_ORIGIN_SHOWN).unwrap_or(origin));
    let origin = Escaped(&origin);
    if WARNED.swap(true, Ordering::Relaxed) {
        tracing::debug!(%origin, "a web page of another origin is refused with 403");
    } else {
        tracing::warn!(
            %origin,
            "a web page of another origin is refused with 403, unless the option `origins` allows it; the next of them \
             are logged at debug"
        );
    }
}

/// How much of an origin is logged: a host has at most 253 bytes.
const MAX_ORIGIN_SHOWN: usize = 280;
