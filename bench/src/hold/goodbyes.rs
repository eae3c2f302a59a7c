//! No answer to Close (A7): peers that never answer the server's Close frame, and peers that go on sending after it.

use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::peer::{Conduct, End, Peer};
use super::scene::{Counts, Holds, Stage, at_rest, beside, gave_back};
use super::sheet::Sheet;
use super::stamp;
use crate::args::Transport;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::server::Server;

const GOODBYE: &[u8] = br#"{"type":"goodbye"}"#;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

/// How often those that go on send another message.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let each = form.pick(1_000, 200);
    let timeout = form.pick(Duration::from_secs(5), Duration::from_secs(1));
    let server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_CLOSE_TIMEOUT", timeout.as_secs_f64())
        .start()?;
    let rest = at_rest(&server, form)?;
    let before = Holds::settled(&server)?;
    let (honest, left) = beside(&server, || leave(&server, each, timeout + 2 * form.grace()))?;
    sheet.honest(&format!("{} that do not answer", 2 * each), rest, &honest, RATIO, HONEST);
    sheet.exactly("got the Close frame", left.closed, 2 * each);
    sheet.exactly("silent ones: ended by the server's FIN", left.silent_fins, each);
    sheet.exactly("those that go on: ended by the server", left.chatty_ends, each);
    sheet.time_at_most("the last one after", left.longest, timeout + form.grace());
    gave_back(sheet, &server, before, form.grace())?;
    let counts = Counts::of(&server)?;
    sheet.exactly("disconnect, once for each that was ready", counts.disconnected, counts.ready);
    Ok(())
}

struct Left {
    closed: usize,
    silent_fins: usize,
    chatty_ends: usize,
    longest: Duration,
}

fn leave(server: &Server, each: usize, limit: Duration) -> Result<Left> {
    let mut crowd = Crowd::new()?;
    crowd.join_all(server.address, 2 * each, Conduct::MUTE)?;
    let asked = Instant::now();
    for peer in &mut crowd.peers {
        peer.say(Opcode::Text, GOODBYE);
        peer.begun = asked;
    }
    let message = stamp::message(0, 100);
    while asked.elapsed() < limit && crowd.count(|peer| !peer.has_ended()) > 0 {
        crowd.idle(PAUSE)?;
        for peer in crowd.peers[each..].iter_mut().filter(|peer| !peer.has_ended()) {
            peer.say(Opcode::Binary, &message);
        }
    }
    let is_fin = |peer: &&Peer| matches!(peer.end, Some((End::Fin, _)));
    Ok(Left {
        closed: crowd.count(|peer| peer.code() == Some(1000)),
        silent_fins: crowd.peers[..each].iter().filter(is_fin).count(),
        chatty_ends: crowd.peers[each..].iter().filter(|peer| peer.has_ended()).count(),
        longest: crowd.longest(),
    })
}
