//! Tests of answers: from types to bytes.

use std::error::Error;
use std::fmt::Display;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::*;
use crate::handshake::reject::ErrorObject;
use crate::handshake::{HandlerError, InvalidHeader, NotOffered, upgrade_required};
use crate::{Html, IntoResponse, Reject};

fn content_type(response: &Response<Bytes>) -> &str {
    response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The error that a failed handler passes to the log.
fn log(response: &Response<Bytes>) -> Option<&str> {
    response.extensions().get::<HandlerError>().map(|HandlerError(reason)| reason.as_str())
}

#[test]
fn a_refusal_is_a_whole_answer_that_ends_the_connection() {
    let rows = [
        (Refusal::RequestLine, "400 Bad Request", ""),
        (Refusal::Host, "400 Bad Request", ""),
        (Refusal::EarlyBytes, "400 Bad Request", ""),
        (Refusal::ForeignOrigin, "403 Forbidden", ""),
        (Refusal::HandshakeMethod, "405 Method Not Allowed", "Allow: GET\r\n"),
        (Refusal::Method, "405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        (Refusal::Body, "413 Payload Too Large", ""),
        (Refusal::TargetTooLong, "414 URI Too Long", ""),
        (Refusal::WebSocketVersion, "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n"),
        (Refusal::WebSocketVersion, "426 Upgrade Required", "Upgrade: websocket\r\n"),
        (upgrade_required(), "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n"),
        (upgrade_required(), "426 Upgrade Required", "Upgrade: websocket\r\n"),
        (Refusal::HeadersTooLarge, "431 Request Header Fields Too Large", ""),
        (Refusal::TooManyHeaders, "431 Request Header Fields Too Large", ""),
        (Refusal::HttpVersion, "505 HTTP Version Not Supported", ""),
    ];
    for (refusal, status, header) in rows {
        let answer = written(&refusal.into_response(), &Method::GET);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(head.contains("\r\nConnection: close"), "{answer}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{answer}");
        assert!(answer.contains(header), "{answer}");
        assert!(body.contains(&refusal.to_string()), "{answer}");
    }
}

#[test]
fn values_become_answers() {
    let rows: Vec<(Response<Bytes>, u16, &str, &str)> = vec![
        ("text".into_response(), 200, "text/plain; charset=utf-8", "text"),
        (String::from("text").into_response(), 200, "text/plain; charset=utf-8", "text"),
        (Html("<p>").into_response(), 200, "text/html; charset=utf-8", "<p>"),
        (Html(String::from("<p>")).into_response(), 200, "text/html; charset=utf-8", "<p>"),
        (Bytes::from_static(b"b").into_response(), 200, "application/octet-stream", "b"),
        (vec![b'b'].into_response(), 200, "application/octet-stream", "b"),
        (Some("text").into_response(), 200, "text/plain; charset=utf-8", "text"),
        (None::<String>.into_response(), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
        (StatusCode::NOT_FOUND.into_response(), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
        ((StatusCode::CREATED, Html("<p>")).into_response(), 201, "text/html; charset=utf-8", "<p>"),
        (Response::new("text").into_response(), 200, "", "text"),
        (Response::new(vec![b'b']).into_response(), 200, "", "b"),
        (Ok::<_, Reject>("text").into_response(), 200, "text/plain; charset=utf-8", "text"),
        (
            Err::<&str, _>(Reject::forbidden()).into_response(),
            403,
            "text/plain; charset=utf-8",
            "403 Forbidden\n",
        ),
        (Err::<&str, _>(StatusCode::GONE).into_response(), 410, "text/plain; charset=utf-8", "410 Gone\n"),
        (Ok::<_, String>(Some("text")).into_response(), 200, "text/plain; charset=utf-8", "text"),
    ];
    for (response, status, content, body) in rows {
        assert_eq!(response.status(), status);
        assert_eq!(content_type(&response), content);
        assert_eq!(response.body(), body);
        assert_eq!(log(&response), None);
    }
}

#[test]
fn a_handlers_error_is_for_the_log_and_not_for_the_peer() {
    fn fails(error: impl Display + 'static) -> Response<Bytes> {
        Err::<String, _>(error).into_response()
    }
    let boxed: Box<dyn Error + Send + Sync> = "password is swordfish".into();
    for response in [
        fails("password is swordfish"),
        fails(String::from("password is swordfish")),
        fails(boxed),
        (StatusCode::OK, Err::<String, _>("password is swordfish")).into_response(),
    ] {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "500 Internal Server Error\n");
        assert_eq!(log(&response), Some("password is swordfish"));
    }
}

#[test]
fn a_status_below_200_is_a_mistake_of_the_program() {
    let mut response = Response::new("");
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for response in [
        response.into_response(),
        StatusCode::CONTINUE.into_response(),
        (StatusCode::SWITCHING_PROTOCOLS, "text").into_response(),
        Err::<&str, _>(StatusCode::CONTINUE).into_response(),
    ] {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(log(&response).is_some_and(|reason| reason.contains("no answer")));
    }
}

#[test]
fn a_reject_has_its_status_headers_and_body() {
    let plain = Reject::from(StatusCode::FORBIDDEN).into_response();
    assert_eq!((plain.status(), plain.body().as_ref()), (StatusCode::FORBIDDEN, &b"403 Forbidden\n"[..]));
    for reject in [
        Reject::from((StatusCode::FORBIDDEN, "no")),
        Reject::from((StatusCode::FORBIDDEN, String::from("no"))),
        Reject::forbidden().text("no"),
        Reject::new(StatusCode::FORBIDDEN).text(String::from("no")),
    ] {
        assert_eq!(reject.status(), StatusCode::FORBIDDEN);
        let response = reject.into_response();
        assert_eq!(content_type(&response), "text/plain; charset=utf-8");
        assert_eq!(response.body(), "no");
    }
    let json = Reject::too_many_requests()
        .body(r#"{"wait":3}"#)
        .header("content-type", "application/json")
        .header(HeaderName::from_static("retry-after"), HeaderValue::from(3))
        .header("X", "1")
        .header("X", "2")
        .into_response();
    assert_eq!(content_type(&json), "application/json");
    assert_eq!(json.headers()["retry-after"], "3");
    assert_eq!(json.headers().get_all("x").iter().count(), 2);
    assert_eq!(json.body(), r#"{"wait":3}"#);
    let moved = Reject::new(StatusCode::FOUND).header("Location", "/login").into_response();
    assert_eq!(
        (moved.status(), &moved.headers()["location"]),
        (StatusCode::FOUND, &HeaderValue::from_static("/login"))
    );
}

#[test]
fn a_code_is_the_name_of_the_status_unless_it_is_set() {
    for (status, code) in [
        (400, "bad_request"),
        (404, "not_found"),
        (414, "uri_too_long"),
        (418, "im_a_teapot"),
        (429, "too_many_requests"),
        (500, "internal_server_error"),
        (505, "http_version_not_supported"),
        (499, "status_499"),
    ] {
        assert_eq!(Reject::new(StatusCode::from_u16(status).unwrap()).code(), code);
    }
    let busy = Reject::service_unavailable().with_code("busy");
    assert_eq!((busy.code(), busy.status().as_u16()), ("busy", 503));
    assert_eq!(Reject::forbidden().with_code(String::from("a")).clone().code(), "a");
}

#[test]
fn a_message_is_the_text_or_the_name_of_the_status() {
    assert_eq!(Reject::forbidden().message(), "Forbidden");
    assert_eq!(Reject::forbidden().text(" \n").message(), "Forbidden");
    assert_eq!(Reject::forbidden().text("not you\n").message(), "not you");
    assert_eq!(Reject::forbidden().text("not you").body("<p>").message(), "not you");
    assert_eq!(Reject::new(StatusCode::from_u16(499).unwrap()).message(), "status_499");
}

#[test]
fn the_answer_of_a_reject_with_data_is_a_json_object() {
    let reject = Reject::new(StatusCode::CONFLICT).text("\"full\"").with_data([1, 2]);
    assert_eq!(reject.data().map(serde_json::value::RawValue::get), Some("[1,2]"));
    let response = reject.clone().into_response();
    assert_eq!((response.status(), content_type(&response)), (StatusCode::CONFLICT, "application/json"));
    assert_eq!(response.body(), r#"{"code":"conflict","message":"\"full\"","data":[1,2]}"#);
    let response = reject.header("Content-Type", "application/problem+json").body("{}").into_response();
    assert_eq!((response.body().as_ref(), content_type(&response)), (&b"{}"[..], "application/problem+json"));
}

#[test]
fn the_error_of_a_reply_has_data_only_where_it_was_set() {
    let written = |reject: &Reject| serde_json::to_string(&ErrorObject(reject)).unwrap();
    assert_eq!(written(&Reject::not_found()), r#"{"code":"not_found","message":"Not Found"}"#);
    let missing = Reject::not_found().with_code("no_table").text("there is no table 7").with_data(Some(7));
    assert_eq!(written(&missing), r#"{"code":"no_table","message":"there is no table 7","data":7}"#);
}

#[test]
fn an_invalid_reject_is_500_and_its_mistake_is_logged() {
    let rows = [
        (Reject::new(StatusCode::OK), "has status 200"),
        (Reject::new(StatusCode::SWITCHING_PROTOCOLS), "has status 101"),
        (
            Reject::forbidden().with_data(std::collections::HashMap::from([((), ())])),
            "does not serialise as JSON: key must be a string",
        ),
        (Reject::forbidden().header("a b", "x"), "header that cannot be sent"),
        (Reject::forbidden().header("x", "a\r\nb"), "header that cannot be sent"),
        (Reject::forbidden().header("Connection", "keep-alive"), "the server's own"),
        (Reject::forbidden().header("content-length", "1"), "the server's own"),
        (InvalidHeader::Reserved { name: http::header::UPGRADE }.into(), "the server's own"),
    ];
    for (reject, reason) in rows {
        let response = reject.into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "500 Internal Server Error\n");
        assert!(log(&response).is_some_and(|log| log.contains(reason)), "{:?}", log(&response));
    }
    assert_eq!(Reject::from(NotOffered("chat".to_owned())).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn a_result_with_reject_stays_small() {
    assert_eq!(size_of::<Result<(), Reject>>(), size_of::<usize>());
}

#[test]
fn an_answer_has_connection_close_and_a_content_length() {
    let response = Response::builder()
        .status(200)
        .header("Connection", "keep-alive")
        .header("Keep-Alive", "timeout=5")
        .header("Content-Length", "999")
        .header("Transfer-Encoding", "chunked")
        .header("Sec-WebSocket-Version", "13")
        .body(Bytes::from_static(b"text"))
        .unwrap();
    let rows = [
        (
            Method::GET,
            "HTTP/1.1 200 OK\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\nContent-Length: 4\r\n\r\ntext",
        ),
        (
            Method::HEAD,
            "HTTP/1.1 200 OK\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\nContent-Length: 4\r\n\r\n",
        ),
    ];
    for (method, expected) in rows {
        assert_eq!(written(&response, &method), expected);
    }
}

#[test]
fn statuses_that_have_no_body_get_none() {
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let answer = written(&(status, "text").into_response(), &Method::GET);
        assert!(answer.ends_with("\r\n\r\n") && !answer.contains("Content-Length"), "{answer}");
    }
}

#[test]
fn a_custom_response_cannot_be_a_101() {
    let mut response = Response::new(Bytes::from_static(b"text"));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = written(&response, &Method::GET);
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("Connection: close"), "{answer}");
}
