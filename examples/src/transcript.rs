//! Plays the exchanges of messages that the book shows, so that it shows what happens.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;

use ws_runtime::test::{Result, TestClient, TestServer};

/// Plays the blocks of a page that are marked by a name: those that begin with a line of three backticks, `text,` and
/// it.
///
/// | line | what happens |
/// |---|---|
/// | `→ hello` | a peer sends this |
/// | `← hello` | it receives exactly this |
/// | `← closed with 1008: too many errors` | its connection ends, with this code and reason |
/// | `/?name=ann` | the path at which a peer connects, `/` by default |
/// | `/ with the token secret` | the same, and the bearer token that it sends |
/// | `10 s later` | this time passes |
///
/// A name before the arrow or the path tells several peers apart. All peers of a block connect before its first
/// message, in the order of their lines. At the end of a block, each must have received what is shown and no more.
///
/// # Errors
///
/// If the page has no such block, or the server sends anything else.
pub async fn play(page: &str, name: &str, server: &TestServer) -> Result {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src").join(page);
    let text = fs::read_to_string(path)?;
    let start = format!("```text,{name}\n");
    let mut blocks = text.split(&start).skip(1).filter_map(|rest| rest.split("\n```").next()).peekable();
    if blocks.peek().is_none() {
        return Err(Wrong(format!("{page} has no block that begins with {start}")).into());
    }
    for block in blocks {
        play_block(block, server).await.map_err(|error| Wrong(format!("{page}: {error}\nin\n{block}")))?;
    }
    Ok(())
}

/// What the book shows is wrong. Its `Debug` form is its text, because that is what a failed test shows.
struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Wrong {}

/// What a line of a block says.
enum Step<'l> {
    Connect(&'l str),
    Send(&'l str),
    Receive(&'l str),
    Closed(&'l str),
}

async fn play_block(block: &str, server: &TestServer) -> Result {
    let mut clients: BTreeMap<&str, TestClient> = BTreeMap::new();
    for (peer, step) in block.lines().filter_map(step) {
        if !clients.contains_key(peer) {
            let how = if let Step::Connect(how) = step { how } else { "/" };
            let client = match how.split_once(" with the token ") {
                Some((path, token)) => server.connect(path).bearer(token).await?,
                None => server.connect(how).await?,
            };
            clients.insert(peer, client);
        }
    }
    for line in block.lines() {
        if let Some(seconds) = line.strip_suffix(" s later") {
            server.advance(seconds.parse::<f64>()?).await;
            continue;
        }
        let (peer, step) = step(line).ok_or_else(|| Wrong(format!("what is {line:?}?")))?;
        let Some(client) = clients.get_mut(peer) else { continue };
        match step {
            Step::Connect(_) => {}
            Step::Send(text) => client.send_utf8(text).await?,
            Step::Receive(text) => expect_eq(&client.utf8().await?, text)?,
            Step::Closed(how) => {
                let close = client.closed().await?;
                expect_eq(&format!("{}: {}", close.code, close.reason), how)?;
                clients.remove(peer);
            }
        }
    }
    for client in clients.values_mut() {
        client.expect_nothing().await?;
    }
    Ok(())
}

/// The peer that a line is about, and what it does.
fn step(line: &str) -> Option<(&str, Step<'_>)> {
    if let Some((peer, text)) = line.split_once("→ ") {
        Some((peer.trim(), Step::Send(text)))
    } else if let Some((peer, text)) = line.split_once("← ") {
        let step = text.strip_prefix("closed with ").map_or(Step::Receive(text), Step::Closed);
        Some((peer.trim(), step))
    } else {
        let at = line.find('/')?;
        Some((line[..at].trim(), Step::Connect(&line[at..])))
    }
}

fn expect_eq(got: &str, shown: &str) -> Result {
    if got == shown { Ok(()) } else { Err(Wrong(format!("got\n{got}\nbut the book shows\n{shown}")).into()) }
}
