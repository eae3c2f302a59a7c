//! The fault programme: what must hold while peers are hostile, networks fail and the server dies, each figure beside
//! its goal.
//!
//! Each row starts the server in a process of its own, honest clients beside hostile ones, and measures both. What is
//! noisy is judged by its ratio to the same figure at rest, in the same run; counts and losses are strict.

mod certificates;
mod crowd;
mod descriptors;
mod floods;
mod goodbyes;
mod half_open;
mod hostile;
mod kill;
mod lengths;
mod namespace;
mod network;
mod page;
mod panics;
mod peer;
mod random;
mod relay;
mod results;
mod scene;
mod sheet;
mod slowloris;
mod soak;
mod sockets;
mod stamp;
mod stop;
mod unread;

use std::time::{Duration, Instant};

use clap::ValueEnum;

use self::results::Taken;
pub(crate) use self::sheet::Form;
use self::sheet::Sheet;
use crate::args::HoldArguments;
use crate::error::{Error, Result, whole};
use crate::{machine, usage};

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// Peers that never end their handshake.
    Slowloris,
    /// Peers that send as fast as they can.
    Floods,
    /// Peers that announce a length and send nothing.
    ClaimedLengths,
    /// Peers that never read.
    NeverReaders,
    /// Peers that read a little.
    SlowReaders,
    /// Handlers that panic.
    Panics,
    /// Peers that do not answer Close.
    NoAnswerToClose,
    /// No descriptor is left.
    Descriptors,
    /// SIGTERM under load.
    GracefulStop,
    /// SIGKILL, and all come back.
    StormAfterKill,
    /// Peers that are gone without a word.
    HalfOpen,
    /// Certificates that change under load.
    CertificateSwap,
    /// Networks that delay, cut, reset and stall.
    HostileRelay,
    /// All of it, for a long time.
    Soak,
}

impl Row {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Slowloris => "Slowloris: handshakes that never end",
            Self::Floods => "Floods",
            Self::ClaimedLengths => "Claimed lengths",
            Self::NeverReaders => "Never-readers",
            Self::SlowReaders => "Slow readers",
            Self::Panics => "Panics",
            Self::NoAnswerToClose => "No answer to Close",
            Self::Descriptors => "Descriptors exhausted",
            Self::GracefulStop => "Graceful stop",
            Self::StormAfterKill => "Storm after SIGKILL",
            Self::HalfOpen => "Half-open peers",
            Self::CertificateSwap => "Certificate swap",
            Self::HostileRelay => "Hostile relay",
            Self::Soak => "Soak",
        }
    }

    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self, sheet: &mut Sheet, asked: &HoldArguments) -> Result<()> {
        let threads = asked.threads;
        match self {
            Self::Slowloris => slowloris::run(sheet, threads),
            Self::Floods => floods::run(sheet, threads),
            Self::ClaimedLengths => lengths::run(sheet, threads),
            Self::NeverReaders => unread::never(sheet, threads),
            Self::SlowReaders => unread::slow(sheet, threads),
            Self::Panics => panics::run(sheet, threads),
            Self::NoAnswerToClose => goodbyes::run(sheet, threads),
            Self::Descriptors => descriptors::run(sheet, threads),
            Self::GracefulStop => stop::run(sheet, threads),
            Self::StormAfterKill => kill::run(sheet, threads),
            Self::HalfOpen => half_open::run(sheet, threads),
            Self::CertificateSwap => certificates::run(sheet, threads),
            Self::HostileRelay => network::run(sheet, threads),
            Self::Soak => soak::run(sheet, threads, asked.time),
        }
    }
}

/// The rows that are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows {
    All,
    One(Row),
}

impl std::str::FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let names = || Row::value_variants().iter().map(|row| row.name()).collect::<Vec<_>>().join(", ");
        Row::from_str(text, false).map(Self::One).map_err(|_| format!("not `all`, {}", names()))
    }
}

/// Runs the rows, and prints each figure beside its goal; one that is missed is an error at the end.
pub(crate) fn run(asked: &HoldArguments) -> Result<()> {
    let form = if asked.short { Form::Short } else { Form::Full };
    let mut rows: Vec<Row> = Vec::new();
    for named in &asked.rows {
        match named {
            Rows::All => rows.extend(Row::value_variants()),
            Rows::One(row) => rows.push(*row),
        }
    }
    let begun = Instant::now();
    let mut missed = Vec::new();
    for row in rows {
        let mut taken = take(row, form, asked)?;
        if taken.sheet.may_be_noise() {
            // Once more: a server that is at fault is at fault again.
            print!("once more, as the machine may have been busy: {}", page::terminal(&taken));
            taken = take(row, form, asked)?;
            taken
                .sheet
                .note("measured twice: a figure that depends on the machine was missed the first time");
        }
        print!("{}", page::terminal(&taken));
        if !taken.sheet.holds() {
            missed.push(row.name());
        }
        if asked.save {
            results::save(&taken)?;
            page::write()?;
        }
    }
    println!("{:.0?} in all", begun.elapsed());
    if missed.is_empty() { Ok(()) } else { Err(Error::Missed(missed.join(", "))) }
}

fn take(row: Row, form: Form, asked: &HoldArguments) -> Result<Taken> {
    let (begun, busy, own) = (Instant::now(), usage::busy()?, usage::own_and_ended()?);
    let mut sheet = Sheet::new(form);
    if let Err(error) = row.run(&mut sheet, asked) {
        sheet.add("the row itself", "runs to its end", whole(&error), false);
    }
    let took = begun.elapsed();
    let others = (usage::busy()? - busy).saturating_sub(usage::own_and_ended()? - own);
    let share = others.as_secs_f64() / (took.as_secs_f64() * machine::processors() as f64);
    sheet.others(share);
    Ok(Taken { row, took: Duration::from_secs(took.as_secs()), sheet })
}
