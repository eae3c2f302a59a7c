//! Requests as bytes, and answers from bytes.

use std::fmt::Write as _;
use std::future::IntoFuture;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connect::Refusal;
use super::server::{CAPACITY, TestServer};
use crate::listen::Address;

/// How long a server may take to answer a request, in virtual time. The deadlines are the server's; this one only
/// ends a test of a server that has none.
pub(super) const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A plain HTTP request, made by [`TestServer::request`]. Awaiting it gives the answer.
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct Request<'s> {
    server: &'s TestServer,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    at: &'static Location<'static>,
}

impl<'s> Request<'s> {
    #[track_caller]
    pub(super) fn new(server: &'s TestServer, method: String, path: String) -> Self {
        Self { server, method, path, headers: Vec::new(), body: Bytes::new(), at: Location::caller() }
    }

    /// Adds a header. Name and value are sent as they are, right or wrong. `Host: localhost` need not be given.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.header("Authorization", format!("Bearer {}", token.as_ref()))
    }

    /// Sends a body, with its `Content-Length`: for a [router](crate::Builder::http) beside the server, which itself
    /// takes none.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Bytes::copy_from_slice(body.as_ref());
        self
    }

    async fn send(mut self) -> Result<Response<Bytes>, Refusal> {
        if !self.body.is_empty() {
            self.headers.push(("Content-Length".to_owned(), self.body.len().to_string()));
        }
        if cfg!(feature = "tower") && !has(&self.headers, "connection") {
            // A router keeps the connection otherwise, and the answer is read until its end.
            self.headers.push(("Connection".to_owned(), "close".to_owned()));
        }
        let head = write_head(&self.method, &self.path, &self.headers);
        let mut stream = self.server.dial(Address::Memory, CAPACITY);
        let answer = async {
            // A server may answer before it has read all, and be gone.
            let _ = stream.write_all(&[head.as_bytes(), &self.body].concat()).await;
            read_answer(&mut stream, Vec::new()).await
        };
        let what = format!("{} {}", self.method, self.path);
        match timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Refusal::unanswered(self.at, what, error.to_string())),
            Err(_) => Err(Refusal::unanswered(self.at, what, "no answer came".to_owned())),
        }
    }
}

impl<'s> IntoFuture for Request<'s> {
    type Output = Result<Response<Bytes>, Refusal>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The head of a request, unchecked.
pub(super) fn write_head(method: &str, path: &str, headers: &[(String, String)]) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !has(headers, "host") {
        head.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
}

/// Reads an answer that ends with the stream; `bytes` of it were read before.
pub(super) async fn read_answer(
    from: &mut (impl AsyncRead + Unpin),
    mut bytes: Vec<u8>,
) -> io::Result<Response<Bytes>> {
    from.read_to_end(&mut bytes).await?;
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    if bytes.is_empty() {
        return Err(invalid("the server ended the connection without an answer"));
    }
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut head = httparse::Response::new(&mut headers);
    let length = match head.parse(&bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => {
            return Err(invalid("the server ended the connection within its answer"));
        }
        Err(error) => return Err(invalid(&format!("the answer is not HTTP: {error}"))),
    };
    let status = StatusCode::from_u16(head.code.unwrap_or_default()).map_err(io::Error::other)?;
    let mut answer = Response::new(Bytes::copy_from_slice(&bytes[length..]));
    *answer.status_mut() = status;
    for header in head.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(io::Error::other)?;
        let value = HeaderValue::from_bytes(header.value).map_err(io::Error::other)?;
        answer.headers_mut().append(name, value);
    }
    if answer.headers().get(TRANSFER_ENCODING).is_some_and(|coding| coding == "chunked") {
        let body = join_chunks(answer.body()).ok_or_else(|| invalid("the answer ends within a chunk"))?;
        *answer.body_mut() = body;
    }
    Ok(answer)
}

/// Decodes the chunked transfer coding (RFC 9112 section 7.1). `None` if the end is missing.
fn join_chunks(mut coded: &[u8]) -> Option<Bytes> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(coded) else {
            return None;
        };
        let length = usize::try_from(length).ok()?;
        if length == 0 {
            return Some(body.into());
        }
        let (chunk, rest) = coded.get(start..)?.split_at_checked(length)?;
        body.extend_from_slice(chunk);
        coded = rest.strip_prefix(b"\r\n")?;
    }
}
