//! Soak (L1): for as long as is asked, thousands talk, some come and go, and one in a hundred is hostile.

use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::hostile::Hostile;
use super::peer::{Conduct, Peer};
use super::random::Random;
use super::scene::{Counts, Holds, Stage, gave_back};
use super::sheet::Sheet;
use super::stamp;
use crate::args::Transport;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::{Percentiles, request};
use crate::report;
use crate::server::Server;
use crate::usage::resident;

/// One in so many is hostile.
const HOSTILE: usize = 100;

const SIZE: usize = 128;

/// How many come and leave each second.
const CHURN: u32 = 50;

/// By how much memory may grow in ten minutes, once it has settled; and what allocators do in any case.
const SLOPE: f64 = 1024.0 * 1024.0;
const SLACK: f64 = 4.0 * 1024.0 * 1024.0;

/// By how much the 99th percentile may be worse at the end.
const DRIFT: f64 = 1.2;

/// A third in which nothing is judged, one to compare with, one to compare.
const PARTS: u32 = 3;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(sheet: &mut Sheet, threads: usize, time: Option<Duration>) -> Result<()> {
    let form = sheet.form;
    let (count, rate) = form.pick((9_000, 5_000), (500, 1_000));
    let time = time.unwrap_or(form.pick(Duration::from_secs(120), Duration::from_secs(3)));
    let server = Stage::new(threads, Transport::Tcp)?.start()?;
    let before = Holds::settled(&server)?;
    let mut soak = Soak::new(&server, count, rate)?;
    soak.until(time / PARTS)?;
    soak.part();
    soak.until(time * 2 / PARTS)?;
    let (memory, middle) = (resident(server.process())?, soak.part());
    soak.until(time)?;
    let (memory_after, last) = (resident(server.process())?, soak.part());
    let Soak { left, ended, lost, sent, .. } = soak.end()?;
    sheet.note(format!(
        "{count} peers for {time:.0?}: {sent} messages, {left} came and left, one in {HOSTILE} hostile"
    ));
    sheet.exactly("lost, doubled or out of order", lost, 0);
    sheet.exactly("honest peers cut off", ended, 0);
    let part = time / PARTS;
    let slope = (SLOPE * part.as_secs_f64() / 600.0).max(SLACK);
    sheet.bytes_at_most("memory, last third over the one before", memory_after as f64 - memory as f64, slope);
    let times = last.p99.as_secs_f64() / middle.p99.as_secs_f64().max(f64::MIN_POSITIVE);
    let grain = form.pick(Duration::from_millis(5), Duration::from_millis(200));
    sheet.add(
        "p99, last third over the one before",
        format!("≤ {DRIFT} ×, or {}", report::time(grain)),
        format!("{times:.2} × {}", report::time(middle.p99)),
        times <= DRIFT || last.p99 <= grain,
    );
    sheet.is_noisy();
    gave_back(sheet, &server, before, PATIENCE)?;
    let counts = Counts::of(&server)?;
    sheet.exactly("disconnect, once for each that was ready", counts.disconnected, counts.ready);
    Ok(())
}

struct Soak<'a> {
    server: &'a Server,
    crowd: Crowd,
    /// How many messages each has sent.
    numbers: Vec<u64>,
    hostile: Hostile,
    random: Random,
    begun: Instant,
    rate: u32,
    sent: u64,
    /// Who was asked to leave.
    leaving: Vec<usize>,
    left: u64,
    /// Honest peers that were cut off.
    ended: u64,
    lost: u64,
}

impl<'a> Soak<'a> {
    fn new(server: &'a Server, count: usize, rate: u32) -> Result<Self> {
        let mut crowd = Crowd::new()?;
        crowd.join_all(server.address, count, Conduct::HONEST)?;
        Ok(Self {
            server,
            crowd,
            numbers: vec![0; count],
            hostile: Hostile::new(server.address, count / HOSTILE)?,
            random: Random::new(1),
            begun: Instant::now(),
            rate,
            sent: 0,
            leaving: Vec::new(),
            left: 0,
            ended: 0,
            lost: 0,
        })
    }

    /// Goes on until so much time has passed since the beginning.
    fn until(&mut self, end: Duration) -> Result<()> {
        while self.begun.elapsed() < end {
            let elapsed = self.begun.elapsed().as_secs_f64();
            while (self.sent as f64) < elapsed * f64::from(self.rate) {
                self.speak();
            }
            while (self.left as f64) < elapsed * f64::from(CHURN) {
                self.leave();
            }
            self.crowd.turn(Duration::from_millis(1))?;
            self.replace()?;
            self.hostile.turn()?;
        }
        Ok(())
    }

    fn speak(&mut self) {
        let at = self.random.below(self.numbers.len());
        self.sent += 1;
        if !self.leaving.contains(&at) && self.crowd.peers[at].is_open() {
            self.crowd.peers[at].say(Opcode::Binary, &stamp::message(self.numbers[at], SIZE));
            self.numbers[at] += 1;
        }
    }

    fn leave(&mut self) {
        let at = self.random.below(self.numbers.len());
        self.left += 1;
        if !self.leaving.contains(&at) {
            self.crowd.peers[at].disconnect(1000);
            self.leaving.push(at);
        }
    }

    /// Puts new peers where others have left.
    fn replace(&mut self) -> Result<()> {
        let opening = request(self.server.address, "/", "");
        let mut at = 0;
        while let Some(peer) = self.leaving.get(at).copied() {
            if !self.crowd.peers[peer].has_ended() {
                at += 1;
                continue;
            }
            self.leaving.swap_remove(at);
            self.ended += u64::from(self.crowd.peers[peer].code() != Some(1000));
            self.settle(peer);
            self.crowd.replace(peer, self.server.address, Conduct::HONEST, opening.as_bytes())?;
        }
        Ok(())
    }

    /// Counts what one of them lost.
    fn settle(&mut self, at: usize) {
        let peer = &self.crowd.peers[at];
        self.lost += self.numbers[at].abs_diff(peer.messages) + peer.gaps + peer.others;
        self.numbers[at] = 0;
    }

    /// The latencies since the last part.
    fn part(&mut self) -> Percentiles {
        std::mem::take(&mut self.crowd.latencies).percentiles()
    }

    /// Waits for what is on its way, and has all leave.
    fn end(mut self) -> Result<Self> {
        let numbers = std::mem::take(&mut self.numbers);
        self.crowd.until(PATIENCE, |crowd| {
            let is_done = |(peer, sent): (&Peer, &u64)| peer.messages >= *sent || peer.has_ended();
            crowd.peers.iter().zip(&numbers).all(is_done)
        })?;
        self.numbers = numbers;
        for at in 0..self.numbers.len() {
            let is_leaving = self.leaving.contains(&at);
            self.ended += u64::from(!is_leaving && self.crowd.peers[at].has_ended());
            self.settle(at);
            self.crowd.peers[at].leave();
        }
        self.hostile.leave();
        Ok(self)
    }
}
