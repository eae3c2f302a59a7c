//! Fuzz target for the first bytes of a connection.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http::Method;

use super::{Pieces, cut};
use crate::handshake::{
    Classified, HeadError, HeadLimits, HeadReader, Hosting, Hosts, IntoResponse, Origins, Refusal, Terms,
    Transport, accept, choose_subprotocol, classify, encode_accept, encode_response, negotiate,
};

/// Checks that the split over reads changes nothing, and that a client can parse every answer.
pub fn handshake(input: &[u8]) {
    let Some((sizes, bytes)) = cut(input) else { return };
    for origins in [Origins::same(), Origins::any()] {
        let at_once = answer(bytes, Vec::new(), &origins);
        assert_eq!(at_once, answer(bytes, sizes.clone(), &origins));
        let Some(answer) = at_once else { continue };
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut fields);
        assert!(response.parse(answer.as_bytes()).is_ok_and(|parsed| parsed.is_complete()), "{answer}");
        let has = |name: &str, value: &str| {
            response.headers.iter().any(|field| field.name == name && field.value == value.as_bytes())
        };
        match response.code {
            Some(101) => assert!(has("Upgrade", "websocket"), "{answer}"),
            Some(200 | 400..=505) => assert!(has("Connection", "close"), "{answer}"),
            code => panic!("{code:?}: {answer}"),
        }
    }
}

/// The answer to a peer; `None` if there is none. A plain request gets its own path and query back.
fn answer(bytes: &[u8], sizes: Vec<usize>, origins: &Origins) -> Option<String> {
    let limits = HeadLimits { max_header_size: 2048, max_headers: 16 };
    let transport = Transport { encrypted: false, has_host: true };
    let hosting = Hosting { hosts: &Hosts::any(), forwarded: None };
    let subprotocols = ["chat.v2".to_owned(), "chat.v1".to_owned()];
    let (response, method) = match at_once(HeadReader::new(limits).read(&mut Pieces { bytes, sizes })) {
        Err(HeadError::Closed) => return None,
        Err(HeadError::Io(error)) => panic!("{error}"),
        Err(HeadError::Refused(refusal)) => (refusal.into_response(), Method::GET),
        Ok(head) => match classify(head, |_, judge| judge(origins), transport, hosting) {
            Classified::ForeignPage { .. } => (Refusal::ForeignOrigin.into_response(), Method::GET),
            Classified::Misdirected(_) => (Refusal::Misdirected.into_response(), Method::GET),
            Classified::Refused(refusal) => (refusal.into_response(), Method::GET),
            Classified::Plain(request) => (format!("{request:?}").into_response(), request.method().clone()),
            Classified::Upgrade(handshake) => {
                choose_subprotocol(&handshake, &subprotocols);
                // Call all that a handler may call.
                let _ = (handshake.query_param("room"), handshake.origin(), format!("{handshake:?}"));
                let agreed =
                    negotiate(handshake.headers(), Terms { context_takeover: true, window_bits: 12 });
                let accepted = accept(&handshake, agreed.map(|(_, extension)| extension));
                return Some(String::from_utf8(encode_accept(&accepted)).unwrap());
            }
        },
    };
    let mut bytes = encode_response(&response, &method);
    Some(String::from_utf8(bytes.copy_to_bytes(bytes.remaining()).to_vec()).unwrap())
}

/// The output of a future that is ready at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
