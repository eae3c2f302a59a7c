//! Who the client is where proxies tell it in headers, and who can make it up.

use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_runtime::{ForwardedHeader, Running};
use ws_tests::raw::{Cut, ask, handshake_with, knock_from};

#[ws_server(listen = "127.0.0.1:0", hosts = any)]
mod site {
    use super::*;

    /// What the handlers see of the client.
    fn seen(conn: &Conn) -> String {
        let shown = |ip: Option<std::net::IpAddr>| ip.map_or("none".to_owned(), |ip| ip.to_string());
        let port = conn.port().map_or("none".to_owned(), |port| {
            if conn.port() == conn.peer().port() { "own".to_owned() } else { port.to_string() }
        });
        format!("{} {port} by {}", shown(conn.ip()), shown(conn.peer().ip()))
    }

    #[on(handshake)]
    fn handshake(handshake: &Handshake, conn: &Conn) -> Result<(), Reject> {
        handshake.set_header("Seen", seen(conn))?;
        Ok(())
    }

    #[on(ready)]
    fn ready(conn: &Conn) -> String {
        seen(conn)
    }
}

/// The status of a handshake from this address with these headers, and what the handler saw.
async fn connect(server: &Running, from: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = knock_from(server, from).await;
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let request = handshake_with(&lines).replace("localhost", "chat.example");
    let head = ask(&mut stream, request.as_bytes(), Cut::Whole).await;
    let seen = head.lines().find_map(|line| line.strip_prefix("seen: ").or(line.strip_prefix("Seen: ")));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), seen.unwrap_or_default().to_owned())
}

fn admitted(seen: &str) -> (u16, String) {
    (101, seen.to_owned())
}

#[tokio::test]
async fn a_trusted_proxy_tells_who_the_client_is_and_others_do_not() -> Result {
    let server = site::server().trusted_proxies(["127.0.0.2", "127.0.1.0/24"]).bind().await?;
    let forged = ["X-Forwarded-For: 203.0.113.9"];
    assert_eq!(connect(&server, "127.0.0.1", &forged).await, admitted("127.0.0.1 own by 127.0.0.1"));
    assert_eq!(
        connect(&server, "127.0.0.3", &["X-Forwarded-For: evil"]).await,
        admitted("127.0.0.3 own by 127.0.0.3")
    );

    for (headers, seen) in [
        (["X-Forwarded-For: 192.0.2.1"].as_slice(), "192.0.2.1 none by 127.0.0.2"),
        (&["X-Forwarded-For: 192.0.2.1:4711"], "192.0.2.1 4711 by 127.0.0.2"),
        (&["X-Forwarded-For: 2001:db8::1"], "2001:db8::1 none by 127.0.0.2"),
        (&["X-Forwarded-For: 203.0.113.9, 192.0.2.1"], "192.0.2.1 none by 127.0.0.2"),
        (
            &["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.1, 127.0.1.7"],
            "192.0.2.1 none by 127.0.0.2",
        ),
        (&["X-Forwarded-For: unknown"], "none none by 127.0.0.2"),
        (&["Forwarded: for=203.0.113.9"], "127.0.0.2 own by 127.0.0.2"),
        (&[], "127.0.0.2 own by 127.0.0.2"),
    ] {
        assert_eq!(connect(&server, "127.0.0.2", headers).await, admitted(seen), "{headers:?}");
    }
    assert_eq!(connect(&server, "127.0.0.2", &["X-Forwarded-For: evil"]).await.0, 400);
    Ok(())
}

#[tokio::test]
async fn the_header_forwarded_is_read_where_the_option_says_so() -> Result {
    let server =
        site::server().trusted_proxies("127.0.0.2").forwarded(ForwardedHeader::Forwarded).bind().await?;
    for (header, seen) in [
        ("Forwarded: for=192.0.2.1", "192.0.2.1 none by 127.0.0.2"),
        ("Forwarded: For=\"[2001:db8::1]:4711\";proto=http", "2001:db8::1 4711 by 127.0.0.2"),
        ("Forwarded: for=203.0.113.9, for=192.0.2.1;by=127.0.0.9", "192.0.2.1 none by 127.0.0.2"),
        ("Forwarded: for=_hidden", "none none by 127.0.0.2"),
        ("X-Forwarded-For: 203.0.113.9", "127.0.0.2 own by 127.0.0.2"),
    ] {
        assert_eq!(connect(&server, "127.0.0.2", &[header]).await, admitted(seen), "{header}");
    }
    assert_eq!(connect(&server, "127.0.0.2", &["Forwarded: for=192.0.2.1, for=\"x"]).await.0, 400);
    Ok(())
}

#[tokio::test]
async fn the_host_that_a_trusted_proxy_tells_counts_for_the_origin_and_for_hosts() -> Result {
    let server =
        site::server().trusted_proxies("127.0.0.2").hosts(["chat.example", "front.example"]).bind().await?;
    let front = "X-Forwarded-Host: front.example";
    let secure = "X-Forwarded-Proto: https";
    for (from, headers, status) in [
        ("127.0.0.2", ["Origin: https://front.example", front].as_slice(), 101),
        ("127.0.0.2", &["Origin: https://chat.example", front], 403),
        ("127.0.0.2", &["Origin: https://front.example", front, secure], 101),
        ("127.0.0.2", &["Origin: http://front.example", front, secure], 403),
        ("127.0.0.2", &["X-Forwarded-Host: rebound.example"], 421),
        ("127.0.0.2", &["X-Forwarded-Host: a b"], 400),
        ("127.0.0.2", &["X-Forwarded-Proto: gopher"], 400),
        // Nobody else can name a host or a scheme.
        ("127.0.0.1", &["Origin: https://front.example", front], 403),
        ("127.0.0.1", &["Origin: http://chat.example", front, secure], 101),
        ("127.0.0.1", &["X-Forwarded-Host: rebound.example"], 101),
    ] {
        assert_eq!(connect(&server, from, headers).await.0, status, "{from} {headers:?}");
    }
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn peers_of_a_unix_socket_are_trusted_as_unix() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("site.sock");
    for (trusted, seen) in
        [(["unix"].as_slice(), "192.0.2.1 none by none"), (&["0.0.0.0/0"], "none none by none")]
    {
        let server =
            site::server().listen(format!("unix:{}", path.display())).trusted_proxies(trusted).bind().await?;
        let mut stream = tokio::net::UnixStream::connect(&path).await?;
        let request = handshake_with("X-Forwarded-For: 192.0.2.1\r\n");
        let head = ask(&mut stream, request.as_bytes(), Cut::Whole).await;
        assert!(head.to_lowercase().contains(&format!("seen: {seen}")), "{head}");
        drop(stream);
        server.shutdown();
        server.stopped().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_the_client_is_stays_for_the_whole_connection() -> Result {
    let server = site::server().trusted_proxies("10.0.0.0/8").test().await?;
    let proxy: std::net::SocketAddr = "10.1.2.3:4".parse()?;
    let mut ann = server.connect("/").peer(proxy).header("X-Forwarded-For", "192.0.2.1").await?;
    assert_eq!(ann.utf8().await?, "192.0.2.1 none by 10.1.2.3");
    let conn = server.server().connections().pop().unwrap();
    assert_eq!((conn.ip(), conn.peer().ip()), (Some([192, 0, 2, 1].into()), Some([10, 1, 2, 3].into())));
    Ok(())
}

#[tokio::test]
async fn a_list_that_trusts_everybody_keeps_the_server_from_starting() {
    let error = site::server().trusted_proxies("any").bind().await.unwrap_err().to_string();
    assert!(error.contains("`trusted_proxies`") && error.contains("every client could claim"), "{error}");
}
