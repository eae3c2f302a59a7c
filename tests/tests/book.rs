//! The book: each page is listed, each program that it includes exists, the errors that it shows are the real ones, and
//! so is its table of options.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ws_runtime::prelude::*;
use ws_runtime::{Error, ListenError, SendError, Tls, TlsError};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src")
}

fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = fs::read_dir(book())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| (name.clone(), fs::read_to_string(book().join(name)).unwrap()))
        .collect();
    pages.sort();
    pages
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for (name, text) in pages() {
        let included = name.ends_with("-table.md") || name == "SUMMARY.md";
        assert!(included || summary.contains(&format!("({name})")), "{name} is not in the summary");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(link.starts_with("http") || leads_somewhere(link), "{name}: {link}");
        }
    }
}

/// Whether there is a page, and in it the heading that a link names after `#`.
fn leads_somewhere(link: &str) -> bool {
    let (page, heading) = link.split_once('#').unwrap_or((link, ""));
    let anchor =
        |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace('`', "");
    match fs::read_to_string(book().join(page)) {
        Ok(text) => {
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            heading.is_empty() || headings.any(|line| anchor(line) == heading)
        }
        Err(_) => false,
    }
}

#[test]
fn what_is_not_compiled_here_is_included_from_an_example() {
    for (name, text) in pages() {
        for block in text.split("```rust,ignore\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let include = block.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
            let (path, _) = include.and_then(|include| include.rsplit_once(':')).unwrap_or_else(|| {
                panic!("{name}: a block that is not compiled must be one include, not {block}")
            });
            let is_compiled =
                ["../../examples/", "../../tests/tests/"].iter().any(|place| path.starts_with(place));
            assert!(is_compiled, "{name}: {path} is not compiled here");
        }
    }
}

#[test]
fn every_page_with_a_program_is_a_doctest() {
    let doctests = include_str!("../src/lib.rs");
    for (name, text) in pages() {
        if text.contains("```rust") {
            assert!(doctests.contains(&format!("\"{name}\");")), "{name} is not compiled");
        }
    }
}

/// mdBook itself only logs what it does not find.
#[test]
fn whatever_is_included_is_there() {
    for (name, text) in pages() {
        for include in text.split("{{#include ").skip(1).filter_map(|rest| rest.split("}}").next()) {
            let (path, anchor) = match include.rsplit_once(':') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (include, None),
            };
            let included = fs::read_to_string(book().join(path)).unwrap_or_else(|_| panic!("{name}: {path}"));
            let Some(anchor) = anchor else { continue };
            for end in [format!("ANCHOR: {anchor}\n"), format!("ANCHOR_END: {anchor}\n")] {
                assert_eq!(included.matches(&end).count(), 1, "{name}: {end} in {path}");
            }
        }
    }
}

/// The lines of all blocks of output.
fn shown() -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for (name, text) in pages() {
        for block in text.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            shown.extend(block.lines().map(|line| (name.clone(), line.to_owned())));
        }
    }
    shown
}

#[test]
fn what_the_compiler_is_said_to_say_is_what_it_says() {
    let answers: String = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("mistakes/ui"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut lines = 0;
    for (name, line) in shown() {
        if line.starts_with("error") || line.starts_with("   ") {
            assert!(answers.contains(&line), "{name}: {line}");
            lines += 1;
        }
    }
    assert!(lines > 5, "{lines}");
}

#[ws_server(listen = "127.0.0.1:0")]
mod idle {}

#[ws_server(listen = "127.0.0.1:0")]
mod clock {
    use super::*;

    #[tick(period = Duration::ZERO)]
    fn tell() {}
}

#[ws_server(listen = "127.0.0.1:0")]
mod arcade {
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "the server never starts")]
    struct Place {
        tabel: u64,
    }

    #[route("/table/{table}")]
    mod table {
        use super::*;
        use ws_runtime::Path;

        #[on(handshake)]
        fn sit(Path(_): Path<Place>) {}
    }
}

#[tokio::test]
async fn what_a_program_is_said_to_say_is_what_it_says() {
    let mut said = Vec::new();
    let mut ends_with = |error: Error| said.extend(format!("Error: {error:?}").lines().map(str::to_owned));
    ends_with(clock::server().bind().await.unwrap_err());
    ends_with(arcade::server().bind().await.unwrap_err());
    let tls = Tls::files("/srv/chat/certificate.pem", "/srv/chat/key.pem");
    ends_with(idle::server().tls(tls).bind().await.unwrap_err());
    let [certificate, key] = ["certificate", "key"].map(|file| format!("the file /srv/chat/{file}.pem"));
    ends_with(TlsError::EncryptedKey { place: key.clone() }.into());
    ends_with(TlsError::Mismatch { certificate, key }.into());
    let source = || io::Error::from_raw_os_error(rustix::io::Errno::ADDRINUSE.raw_os_error());
    ends_with(ListenError::InUse { address: "[::]:8080".parse().unwrap(), source: source() }.into());
    let taken = ListenError::InUse { address: "127.0.0.1:9090".parse().unwrap(), source: source() };
    ends_with(Error::MetricsListen(taken));
    ends_with(ListenError::Privileged { address: "[::]:443".parse().unwrap(), source: source() }.into());
    ends_with(Error::OutsideRuntime);
    ends_with(idle::server().shutdown_delay(30).bind().await.unwrap_err());
    ends_with(idle::server().listen("systemd").bind().await.unwrap_err());
    // The place in the user's program, and in this file.
    for line in &mut said {
        if let Some((begin, end)) = line.split_once("(tests/tests/book.rs:") {
            *line = format!(
                "{begin}(src/main.rs:24){}",
                end.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(')')
            );
        }
    }
    said.push(format!("Error: {:?}", idle::server().test().await.unwrap_err()));
    said.push(SendError::Slow { max: 262_144 }.to_string());
    said.push(format!("Error: {:?}", paged::server().http(axum::Router::new()).bind().await.unwrap_err()));
    let owner = Command::new(env!("CARGO_BIN_EXE_owner"))
        .envs([("WS_SERVER_MAX_INBOX", "none"), ("WS_SERVER_WRITE_TIMEOUT", "-1"), ("WS_SERVER_LISTN", "80")])
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8(owner.stderr).unwrap();
    said.extend(log.lines().map(|line| line.rsplit("Z  ").next().unwrap_or(line).to_owned()));

    let mut lines = 0;
    for (name, line) in shown() {
        let of_options = line.starts_with("  `") || line.starts_with("WARN WS_SERVER_LISTN");
        let of_a_step = line.starts_with(STEP);
        if line.starts_with("Error: ") && !of_a_step || line.starts_with("  caused by: ") || of_options {
            assert!(said.contains(&line), "{name}: {line}\nnot one of {said:#?}");
            lines += 1;
        }
    }
    assert!(lines > 8, "{lines}");
}

/// A failed step of a test, with its place.
const STEP: &str = "Error: examples/auction.rs:";

#[ws_server]
mod paged {
    #[on(request)]
    fn page() -> &'static str {
        "a page"
    }
}

#[ws_server]
mod auction {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lot {
        highest: u32,
    }

    #[push]
    #[derive(Serialize)]
    struct Raised {
        to: u32,
    }

    #[derive(Reject)]
    enum BidError {
        #[reject(409, "bid more than {highest}")]
        TooLow { highest: u32 },
    }

    #[on("bid")]
    fn bid(Json(bid): Json<u32>, lot: &mut Lot, server: &Server) -> Result<(), BidError> {
        if bid <= lot.highest {
            return Err(BidError::TooLow { highest: lot.highest });
        }
        lot.highest = bid;
        server.broadcast(Raised { to: bid });
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_step_is_said_to_say_is_what_it_says() -> ws_runtime::test::Result {
    let server = auction::server().test().await?;
    let mut ann = server.connect("/").await?;
    ann.call::<()>("bid", 10).await?;
    let too_low = ann.call::<()>("bid", 10).await.unwrap_err().to_string();
    let nothing = ann.expect::<Value>("sold").await.unwrap_err().to_string();
    let said = [too_low, nothing].map(|error| error.split_once(": ").unwrap().1.to_owned());
    let shown: Vec<_> = shown()
        .into_iter()
        .filter_map(|(_, line)| Some(line.strip_prefix(STEP)?.split_once(": ")?.1.to_owned()))
        .collect();
    assert_eq!(shown, said);
    Ok(())
}

#[test]
fn the_table_of_options_is_the_real_one() {
    let path = book().join("options-table.md");
    let real = ws_spec::options::markdown_table();
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(&path, &real).unwrap();
    }
    let table = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(table, real, "run `UPDATE_BOOK=1 cargo test -p ws-tests --test book` and commit what changed");
}
