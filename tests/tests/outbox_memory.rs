//! What the outbox of a slow peer takes: little more memory than waits in it. Counted in the whole process, which is why
//! this test is alone in its program.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::raw::HANDSHAKE;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MAX_OUTBOX: usize = 256 * 1024;

#[ws_server(max_outbox = 262_144, silence_max = 0, write_timeout = 60)]
mod feed {}

/// Its messages share a batch: one turn sends many.
#[ws_server(max_outbox = 262_144, silence_max = 0, write_timeout = 60)]
mod bursts {
    use super::*;

    #[tick(period = 1)]
    fn burst(server: &Server) {
        for _ in 0..60 {
            server.broadcast_binary([0; 1000]);
        }
    }
}

/// How messages are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sent {
    OneByOne,
    InBursts,
}

/// Sends more than an outbox takes to a peer that reads a little of it, again and again. Returns how many bytes were
/// allocated meanwhile, at most.
async fn fill(server: &TestServer, peer: &mut DuplexStream, sent: Sent) -> Result<usize> {
    let region = Region::new(ALLOCATOR);
    let mut most = 0;
    for round in 1..5 {
        for _ in 0..if sent == Sent::OneByOne { 400 } else { 10 } {
            match sent {
                Sent::OneByOne => {
                    server.server().broadcast_binary([0; 1000]);
                    server.advance(0).await;
                }
                Sent::InBursts => server.advance(1).await,
            }
            let change = region.change();
            most = most.max(change.bytes_allocated.saturating_sub(change.bytes_deallocated));
        }
        // Not at the end of a frame: the rest of that must not hold the memory of those behind it.
        peer.read_exact(&mut [0; 10_000][..round * 2_500]).await?;
        server.advance(0).await;
    }
    Ok(most)
}

#[tokio::test(start_paused = true)]
async fn messages_that_were_dropped_or_written_take_no_memory_while_others_wait() -> Result {
    for (slow, sent) in [
        ("drop_newest", Sent::OneByOne),
        ("drop_oldest", Sent::OneByOne),
        ("drop_newest", Sent::InBursts),
        ("drop_oldest", Sent::InBursts),
    ] {
        let server = match sent {
            Sent::OneByOne => feed::server().slow(slow).test().await?,
            Sent::InBursts => bursts::server().slow(slow).test().await?,
        };
        let mut peer = server.open();
        peer.write_all(HANDSHAKE.as_bytes()).await?;
        while server.server().connections().is_empty() {
            server.advance(0).await;
        }
        // The pipe's buffer doubles until it is three times as large as what it may hold.
        let conn = server.server().connections().remove(0);
        for _ in 0..3 {
            fill(&server, &mut peer, sent).await?;
            let mut nowhere = tokio::io::sink();
            tokio::select! {
                // Reading comes first, so that the pipe is empty: how its buffer grows depends on what is left in it.
                biased;
                read = tokio::io::copy(&mut peer, &mut nowhere) => panic!("{read:?}"),
                written = conn.flushed() => written?,
            }
        }
        let most = fill(&server, &mut peer, sent).await?;
        let what = format!("{slow}, {sent:?}: {most} bytes for an outbox of {MAX_OUTBOX}");
        assert!(most > MAX_OUTBOX * 9 / 10, "it was full: {what}");
        assert!(most < MAX_OUTBOX * 11 / 10, "{what}");
    }
    Ok(())
}
