//! Reads the head of one request, up to a limit. Each byte is scanned once.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

#[cfg(feature = "tower")]
use bytes::Bytes;
use bytes::{BufMut, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::classify::wants_websocket;
use super::refusal::Refusal;
#[cfg(feature = "tls")]
use crate::x509::ClientCertificate;

/// The limits on a head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadLimits {
    /// The size of the whole head in bytes, including its empty line.
    pub(crate) max_header_size: usize,
    /// The number of header lines.
    pub(crate) max_headers: usize,
}

/// The head of a request: well-formed, not classified yet.
#[derive(Debug)]
pub(crate) struct Head {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    /// Whether more bytes followed it before the answer.
    pub(super) followed: bool,
    /// What the layers of another HTTP server have added to it.
    #[cfg(feature = "tower")]
    pub(super) extensions: http::Extensions,
    /// Whether it is an extended CONNECT for a WebSocket (RFC 8441): the handshake of HTTP/2.
    pub(super) is_extended_connect: bool,
    /// What the client has shown over TLS.
    #[cfg(feature = "tls")]
    pub(super) client_certificate: Option<Box<ClientCertificate>>,
}

#[cfg(feature = "tower")]
impl Head {
    /// The head of a request that another HTTP server has read.
    pub(crate) fn of_parts(parts: http::request::Parts) -> Self {
        let http::request::Parts { method, uri, version, headers, extensions, .. } = parts;
        let protocol = extensions.get::<hyper::ext::Protocol>();
        let is_extended_connect =
            method == Method::CONNECT && protocol.is_some_and(|protocol| protocol.as_str() == "websocket");
        #[cfg(feature = "tls")]
        let client_certificate = extensions.get::<ClientCertificate>().cloned().map(Box::new);
        Self {
            method,
            uri,
            version,
            headers,
            followed: false,
            extensions,
            is_extended_connect,
            #[cfg(feature = "tls")]
            client_certificate,
        }
    }

    /// Holds the head of a request that another HTTP server has read to these limits. What it has left out, such as
    /// spaces around a value, does not count.
    ///
    /// # Errors
    ///
    /// As [`HeadReader::read`].
    pub(crate) fn check_size(&self, limits: HeadLimits) -> Result<(), Refusal> {
        let HeadLimits { max_header_size, max_headers } = limits;
        let path = self.uri.path_and_query().map_or(0, |path| path.as_str().len());
        let scheme = self.uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
        let target = scheme + self.uri.authority().map_or(0, |authority| authority.as_str().len()) + path;
        let line = self.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
        if line > max_header_size {
            return Err(Refusal::TargetTooLong);
        }
        if self.headers.len() > max_headers {
            return Err(Refusal::TooManyHeaders);
        }
        let sizes =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
        if sizes.sum::<usize>() + line + "\r\n".len() > max_header_size {
            return Err(Refusal::HeadersTooLarge);
        }
        Ok(())
    }
}

#[cfg(feature = "tls")]
impl Head {
    pub(crate) fn with_client_certificate(self, client_certificate: Option<Box<ClientCertificate>>) -> Self {
        Self { client_certificate, ..self }
    }
}

impl Head {
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// The path, as it was sent, without the query.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether it asks for a WebSocket, rightly or not.
    pub(crate) fn wants_websocket(&self) -> bool {
        self.is_extended_connect || wants_websocket(&self.headers)
    }
}

/// Why no head could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("the connection failed before a request was complete")]
    Io(#[from] io::Error),
    #[error("the peer closed the connection before it sent a request")]
    Closed,
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Reads the head of the first request, without a deadline of its own.
pub(crate) struct HeadReader {
    bytes: BytesMut,
    scanner: Scanner,
}

impl HeadReader {
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self { bytes: BytesMut::new(), scanner: Scanner::new(limits) }
    }

    /// Whether the peer has sent anything, for a caller whose deadline ended [`read`](Self::read).
    pub(crate) fn has_begun(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Reads the head. Call it once.
    ///
    /// # Errors
    ///
    /// [`HeadError::Refused`] at the first byte that breaks a rule, no matter how the bytes are split over reads.
    pub(crate) async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<Head, HeadError> {
        let Self { bytes, scanner } = self;
        bytes.reserve(FIRST_READ);
        let end = loop {
            // One byte more than allowed tells a head that is too large from an incomplete one.
            let room = scanner.limits.max_header_size.saturating_add(1).saturating_sub(bytes.len());
            if stream.read_buf(&mut (&mut *bytes).limit(room)).await? == 0 {
                return Err(if bytes.is_empty() { HeadError::Closed } else { Refusal::Unfinished.into() });
            }
            if let Some(end) = scanner.advance(bytes)? {
                break end;
            }
        };
        let mut head = scanner.parse_headers(bytes.get(..end).unwrap_or_default())?;
        head.followed = end < bytes.len() || arrived_early(stream, bytes).await;
        Ok(head)
    }

    /// All that was read: the head, and perhaps a part of what follows it.
    #[cfg(feature = "tower")]
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes.freeze()
    }
}

/// Whether the peer has sent something after its request. Does not wait.
///
/// Bytes before the 101 may be an attack on a proxy that believes the connection to be upgraded, so they are refused
/// ([`Refusal::EarlyBytes`]). If there are any, this appends one of them to `bytes`.
pub(crate) async fn arrived_early<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut BytesMut) -> bool {
    poll_fn(|cx| {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let polled = Pin::new(&mut *stream).poll_read(cx, &mut buffer);
        bytes.extend_from_slice(buffer.filled());
        // The end of the stream and its errors are found again by the next read or write.
        Poll::Ready(matches!(polled, Poll::Ready(Ok(()))) && !buffer.filled().is_empty())
    })
    .await
}

/// Scans each byte once, in order, so that neither the work nor the result depends on how bytes are split over reads.
struct Scanner {
    limits: HeadLimits,
    /// How many bytes have been scanned.
    seen: usize,
    /// Where the current line begins.
    line_start: usize,
    /// Whether the last byte was a CR.
    after_cr: bool,
    request_line: Option<RequestLine>,
    headers: usize,
}

struct RequestLine {
    method: Method,
    uri: Uri,
    version: Version,
    /// Where the headers begin.
    end: usize,
}

impl Scanner {
    fn new(limits: HeadLimits) -> Self {
        Self { limits, seen: 0, line_start: 0, after_cr: false, request_line: None, headers: 0 }
    }

    /// Scans the new bytes in `bytes`; returns the length of the head once it is complete.
    fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        loop {
            self.skip_plain(bytes);
            let Some(&byte) = bytes.get(self.seen) else { return Ok(None) };
            self.check_length(bytes)?;
            let position = self.seen;
            self.seen += 1;
            match (self.after_cr, byte) {
                (true, b'\n') => {
                    self.after_cr = false;
                    let line = bytes.get(self.line_start..position - 1).unwrap_or_default();
                    if self.end_line(line)? {
                        return Ok(Some(self.seen));
                    }
                    self.line_start = self.seen;
                }
                (true, _) | (false, b'\n') => return Err(Refusal::LineEnding),
                (false, b'\r') => self.after_cr = true,
                (false, b' ' | b'\t') if position == self.line_start && self.request_line.is_some() => {
                    return Err(Refusal::FoldedHeader);
                }
                (false, byte) if !is_plain(byte) => return Err(Refusal::ControlCharacter),
                (false, _) => {}
            }
        }
    }

    /// Skips bytes that do not matter for line structure, up to the limit.
    fn skip_plain(&mut self, bytes: &[u8]) {
        if !self.after_cr && self.seen > self.line_start {
            let line = bytes.get(self.seen..self.limits.max_header_size.min(bytes.len())).unwrap_or_default();
            self.seen += line.iter().position(|byte| !is_plain(*byte)).unwrap_or(line.len());
        }
    }

    fn check_length(&self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.seen < self.limits.max_header_size {
            return Ok(());
        }
        if self.request_line.is_some() {
            return Err(Refusal::HeadersTooLarge);
        }
        let has_target = bytes.get(self.line_start..self.seen).is_some_and(|line| line.contains(&b' '));
        Err(if has_target { Refusal::TargetTooLong } else { Refusal::RequestLine })
    }

    /// Handles a line without its ending; returns whether it ends the head.
    fn end_line(&mut self, line: &[u8]) -> Result<bool, Refusal> {
        match &self.request_line {
            // RFC 9112 section 2.2: one empty line before the request is ignored.
            None if line.is_empty() && self.line_start == 0 => Ok(false),
            None => {
                self.request_line = Some(parse_request_line(line, self.seen)?);
                Ok(false)
            }
            Some(_) if line.is_empty() => Ok(true),
            Some(_) => {
                self.headers += 1;
                if self.headers > self.limits.max_headers { Err(Refusal::TooManyHeaders) } else { Ok(false) }
            }
        }
    }

    fn parse_headers(&mut self, bytes: &[u8]) -> Result<Head, Refusal> {
        let line = self.request_line.take();
        let RequestLine { method, uri, version, end } = line.ok_or(Refusal::RequestLine)?;
        let mut lines = vec![httparse::EMPTY_HEADER; self.headers];
        let block = bytes.get(end..).unwrap_or_default();
        let Ok(httparse::Status::Complete((_, lines))) = httparse::parse_headers(block, &mut lines) else {
            return Err(Refusal::Header);
        };
        let mut headers = HeaderMap::with_capacity(lines.len());
        for line in lines {
            let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Refusal::Header)?;
            let value = HeaderValue::from_bytes(line.value).map_err(|_| Refusal::Header)?;
            headers.try_append(name, value).map_err(|_| Refusal::TooManyHeaders)?;
        }
        Ok(Head {
            method,
            uri,
            version,
            headers,
            followed: false,
            #[cfg(feature = "tower")]
            extensions: http::Extensions::new(),
            is_extended_connect: false,
            #[cfg(feature = "tls")]
            client_certificate: None,
        })
    }
}

fn parse_request_line(line: &[u8], end: usize) -> Result<RequestLine, Refusal> {
    let mut complete = line.to_vec();
    complete.extend_from_slice(b"\r\n");
    let mut request = httparse::Request::new(&mut []);
    match request.parse(&complete) {
        Ok(_) => {}
        Err(httparse::Error::Version) if names_other_version(line) => return Err(Refusal::HttpVersion),
        Err(_) => return Err(Refusal::RequestLine),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(Refusal::RequestLine);
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::RequestLine)?;
    let uri = parse_target(target)?;
    let version = if minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    Ok(RequestLine { method, uri, version, end })
}

/// Parses the request target. Percent-encodes characters that a URI cannot contain: browsers do so before they send
/// them, other clients do not.
fn parse_target(target: &str) -> Result<Uri, Refusal> {
    // `Uri` would drop a fragment silently.
    if target.contains('#') {
        return Err(Refusal::Target);
    }
    let mut encoded = String::new();
    let mut plain = target;
    while let Some(at) = plain.bytes().position(needs_encoding) {
        let (before, rest) = plain.split_at(at);
        encoded.push_str(before);
        let length = rest.chars().next().map_or(rest.len(), char::len_utf8);
        let (character, after) = rest.split_at(length);
        character.bytes().for_each(|byte| encoded.push_str(&format!("%{byte:02X}")));
        plain = after;
    }
    encoded.push_str(plain);
    if encoded.len() > MAX_URI {
        return Err(Refusal::TargetTooLong);
    }
    Uri::try_from(encoded).map_err(|_| Refusal::Target)
}

/// Whether browsers percent-encode a byte of a path or a query (WHATWG URL, section 1.3), and `Uri` insists on it.
fn needs_encoding(byte: u8) -> bool {
    !byte.is_ascii() || matches!(byte, b'"' | b'<' | b'>' | b'`')
}

/// Whether a byte does not matter for line structure.
fn is_plain(byte: u8) -> bool {
    !byte.is_ascii_control() || byte == b'\t'
}

/// Whether this is a request line of another version of HTTP. With a space in the target it is malformed (RFC 9112,
/// section 3).
fn names_other_version(line: &[u8]) -> bool {
    let words: Vec<_> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = words.as_slice() else { return false };
    if method.is_empty() || target.is_empty() {
        return false;
    }
    matches!(version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// The size of the first buffer. Most requests fit into it, and a peer that sends slowly holds no more.
const FIRST_READ: usize = 1024;
/// The longest target that [`Uri`] takes.
const MAX_URI: usize = 65_534;
