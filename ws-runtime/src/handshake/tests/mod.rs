//! Tests of requests, given as bytes.

mod answers;
mod chunking;
mod handlers;
mod origins;
mod requests;
mod rows;

use bytes::{Buf, Bytes};
use http::{Method, Response};

use self::rows::{HANDSHAKE, handshake_but, handshake_with};
use super::{
    Classified, HeadError, HeadLimits, HeadReader, Hosting, Hosts, Origins, Refusal, Transport, classify,
    encode_response,
};
use crate::fuzzing::Pieces;
use crate::{Handshake, Request};

const LIMITS: HeadLimits = HeadLimits { max_header_size: 16 * 1024, max_headers: 64 };

const TCP: Transport = Transport { encrypted: false, has_host: true };
const UNIX: Transport = Transport { encrypted: false, has_host: false };
const ANY: Hosting<'static> = Hosting { hosts: &Hosts::any(), forwarded: None };

#[derive(Debug)]
enum Became {
    Handshake(Box<Handshake>),
    Request(Box<Request>),
    Refused(Refusal),
    Closed,
}

/// The result for these bytes, in reads of these sizes (the last one first).
async fn become_in(bytes: &[u8], sizes: Vec<usize>, limits: HeadLimits, origins: &Origins) -> Became {
    become_over(TCP, bytes, sizes, limits, origins).await
}

async fn become_over(
    transport: Transport,
    bytes: &[u8],
    sizes: Vec<usize>,
    limits: HeadLimits,
    origins: &Origins,
) -> Became {
    let head = match HeadReader::new(limits).read(&mut Pieces { bytes, sizes }).await {
        Ok(head) => head,
        Err(HeadError::Refused(refusal)) => return Became::Refused(refusal),
        Err(HeadError::Closed) => return Became::Closed,
        Err(HeadError::Io(error)) => panic!("{error}"),
    };
    match classify(head, |_, judge| judge(origins), transport, ANY) {
        Classified::Upgrade(handshake) => Became::Handshake(handshake),
        Classified::Plain(request) => Became::Request(request),
        Classified::Refused(refusal) => Became::Refused(refusal),
        Classified::Misdirected(_) => Became::Refused(Refusal::Misdirected),
        Classified::ForeignPage { .. } => Became::Refused(Refusal::ForeignOrigin),
    }
}

async fn becomes(bytes: &[u8]) -> Became {
    become_in(bytes, Vec::new(), LIMITS, &Origins::same()).await
}

async fn handshake(bytes: &[u8]) -> Handshake {
    match becomes(bytes).await {
        Became::Handshake(handshake) => *handshake,
        other => panic!("not a handshake but {other:?}"),
    }
}

fn written(response: &Response<Bytes>, method: &Method) -> String {
    let mut bytes = encode_response(response, method);
    String::from_utf8(bytes.copy_to_bytes(bytes.remaining()).to_vec()).unwrap()
}
