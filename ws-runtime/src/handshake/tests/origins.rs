//! Tests of which page may connect to which host.

use http::uri::Authority;

use super::*;

fn allows(origins: &Origins, origin: &str, host: &str, encrypted: bool) -> bool {
    origins.allow(origin.as_bytes(), Some(&Authority::try_from(host).unwrap()), encrypted)
}

#[test]
fn the_same_origin_is_the_one_that_the_host_header_names() {
    let rows = [
        // origin, host, without TLS, with TLS
        ("http://example.com", "example.com", true, false),
        ("https://example.com", "example.com", true, true),
        ("HTTPS://EXAMPLE.com", "Example.COM", true, true),
        ("http://example.com:80", "example.com", true, false),
        ("http://example.com", "example.com:80", true, false),
        ("https://example.com", "example.com:443", true, true),
        ("https://example.com:443", "example.com", true, true),
        ("http://example.com:8080", "example.com:8080", true, false),
        ("https://example.com:8443", "example.com:8443", true, true),
        ("http://[::1]:8080", "[::1]:8080", true, false),
        ("http://localhost:8080", "localhost:8081", false, false),
        ("http://example.com:8080", "example.com", false, false),
        ("http://example.com", "example.com:8080", false, false),
        ("https://example.com", "example.com:80", false, false),
        ("http://example.com", "example.com:443", false, false),
        ("http://www.example.com", "example.com", false, false),
        ("http://example.com.evil.org", "example.com", false, false),
        ("http://evil-example.com", "example.com", false, false),
        ("http://com", "example.com", false, false),
        ("http://example.com.", "example.com", false, false),
        ("http://localhost:8080", "127.0.0.1:8080", false, false),
        ("ftp://example.com", "example.com", false, false),
        ("chrome-extension://example.com", "example.com", false, false),
        ("null", "null", false, false),
        ("", "example.com", false, false),
        ("example.com", "example.com", false, false),
        ("//example.com", "example.com", false, false),
        ("http://example.com/", "example.com", false, false),
        ("http://user@example.com", "example.com", false, false),
        ("http://example.com http://example.com", "example.com", false, false),
        ("http://example.com, http://example.com", "example.com", false, false),
    ];
    for (origin, host, plain, tls) in rows {
        assert_eq!(allows(&Origins::same(), origin, host, false), plain, "{origin} to {host}");
        assert_eq!(allows(&Origins::same(), origin, host, true), tls, "{origin} to {host} by TLS");
    }
}

#[test]
fn listed_origins_and_the_servers_own_are_allowed() {
    let origins =
        Origins::only(["https://example.org", "http://localhost:3000", "tauri://localhost"]).unwrap();
    let rows = [
        ("https://example.org", true),
        ("https://EXAMPLE.org:443", true),
        ("http://localhost:3000", true),
        ("tauri://localhost", true),
        ("http://server", true),
        ("http://example.org", false),
        ("https://www.example.org", false),
        ("https://example.org:8443", false),
        ("http://localhost", false),
        ("https://localhost:3000", false),
        ("null", false),
    ];
    for (origin, allowed) in rows {
        assert_eq!(allows(&origins, origin, "server", false), allowed, "{origin}");
    }
}

#[test]
fn any_allows_all_and_an_empty_list_only_the_servers_own() {
    for origin in ["null", "", "http://evil.example", "\u{202e}"] {
        assert!(allows(&Origins::any(), origin, "server", true));
        assert!(!allows(&Origins::only([""; 0]).unwrap(), origin, "server", true));
    }
    assert!(allows(&Origins::only([""; 0]).unwrap(), "https://server", "server", true));
}

#[tokio::test]
async fn an_origin_that_is_not_text_is_refused_unless_any_is_allowed() {
    let bytes = [HANDSHAKE.as_bytes(), b"Origin: http://\xe9\r\n\r\n"].concat();
    let became = become_in(&bytes, Vec::new(), LIMITS, &Origins::same()).await;
    assert!(matches!(became, Became::Refused(Refusal::ForeignOrigin)), "{became:?}");
    let became = become_in(&bytes, Vec::new(), LIMITS, &Origins::any()).await;
    assert!(matches!(became, Became::Handshake(_)), "{became:?}");
}

#[tokio::test]
async fn over_a_unix_socket_an_origin_is_checked_but_host_is_not() {
    let but = |host: &str, lines: &str| {
        let handshake = HANDSHAKE.replace("Host: server.example.com\r\n", host);
        format!("{handshake}{lines}\r\n").into_bytes()
    };
    let page = "Origin: http://server.example.com\r\n";
    let rows = [
        ("as ever", but("Host: server.example.com\r\n", ""), true),
        ("the path of the socket", but("Host: /run/chat.sock\r\n", ""), true),
        ("the path of the socket, encoded", but("Host: %2Frun%2Fchat.sock:80:\r\n", ""), true),
        ("none", but("", ""), true),
        ("an empty one", but("Host:\r\n", ""), true),
        ("two", but("Host: a\r\nHost: b\r\n", ""), true),
        ("another in the target", handshake_but("/chat", "http://localhost/chat"), true),
        ("its own page by a proxy", but("Host: server.example.com\r\n", page), true),
        ("a foreign page by a proxy", but("Host: server.example.com\r\n", "Origin: http://a\r\n"), false),
        ("a page and the path", but("Host: /run/chat.sock\r\n", page), false),
        ("a page and no host", but("", page), false),
        (
            "a page and two hosts",
            but("Host: server.example.com\r\nHost: server.example.com\r\n", page),
            false,
        ),
    ];
    for (what, bytes, accepted) in rows {
        match become_over(UNIX, &bytes, Vec::new(), LIMITS, &Origins::same()).await {
            Became::Handshake(_) => assert!(accepted, "{what}"),
            Became::Refused(refusal) => {
                assert_eq!((refusal, accepted), (Refusal::ForeignOrigin, false), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    let listed = Origins::only(["http://server.example.com"]).unwrap();
    let bytes = but("Host: /run/chat.sock\r\n", page);
    let became = become_over(UNIX, &bytes, Vec::new(), LIMITS, &listed).await;
    assert!(matches!(became, Became::Handshake(_)), "{became:?}");
    let plain = b"GET / HTTP/1.1\r\nHost: /run/chat.sock\r\n\r\n";
    let became = become_over(UNIX, plain, Vec::new(), LIMITS, &Origins::same()).await;
    assert!(matches!(became, Became::Request(_)), "{became:?}");
}

#[test]
fn the_error_for_an_invalid_origin_says_what_is_wrong() {
    // `ws-spec` has the rules.
    for (text, reason) in
        [("example.com", "it has no scheme"), ("https://example.com/", "ends after host and port")]
    {
        let message = Origins::only([text]).unwrap_err().to_string();
        assert!(message.contains(reason), "{text}: {message}");
        assert!(message.contains("write it as `https://example.com`"), "{message}");
    }
}

#[test]
fn origins_are_displayed_in_the_form_that_is_parsed() {
    for text in ["same", "any", "https://example.org", "https://example.org, http://localhost:3000"] {
        assert_eq!(text.parse::<Origins>().unwrap().to_string(), text);
    }
    assert_eq!(" https://Example.org:443 ".parse::<Origins>().unwrap().to_string(), "https://example.org");
    assert!("https://example.org,".parse::<Origins>().is_err());
}
