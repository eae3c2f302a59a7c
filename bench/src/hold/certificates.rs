//! Certificate swaps: certificate and key change under load, again and again, once to what is no certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use super::scene::{Holds, Stage, at_rest, beside_with_newcomers, gave_back, wait_until};
use super::sheet::{Form, Sheet};
use crate::args::Transport;
use crate::error::{Doing, Result};
use crate::load::{Stream, read_answer, send_request};
use crate::server::Server;
use crate::tls::Identity;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

/// How long the server may take to read changed files when it is told to, and by itself.
const TOLD: Duration = Duration::from_secs(3);
const BY_ITSELF: Duration = Duration::from_secs(15);

/// How long a bad certificate is there.
const BAD: Duration = Duration::from_millis(500);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let swaps = form.pick(20, 2);
    let made = (0..=swaps + 1).map(|_| Identity::make());
    let identities = made.collect::<std::io::Result<Vec<_>>>().doing("make certificates")?;
    let files = Files::new()?;
    files.write(&identities[0])?;
    let mut server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_TLS_CERT", files.certificate().display().to_string().as_str())
        .with("WS_SERVER_TLS_KEY", files.key().display().to_string().as_str())
        .start()?;
    // Honest clients trust all of them; who asks which one the server has trusts that one alone.
    server.tls = Some(Identity::client_of_all(&identities).doing("make a configuration of TLS")?);
    let rest = at_rest(&server, form)?;
    let before = Holds::settled(&server)?;
    let (honest, newcomers, swapped) = beside_with_newcomers(&server, || {
        let mut swapped = Swapped::default();
        for identity in &identities[1..=swaps] {
            // The key comes first, so that for a moment it belongs to another certificate.
            files.write(identity)?;
            server.signal(Signal::HUP)?;
            if let Some(took) = wait_until(TOLD * 2, || Ok(serves(&server, identity)))? {
                swapped.told += 1;
                swapped.longest = swapped.longest.max(took);
            }
        }
        files.spoil()?;
        server.signal(Signal::HUP)?;
        std::thread::sleep(BAD);
        swapped.keeps_the_old = serves(&server, &identities[swaps]);
        if form == Form::Full {
            files.write(&identities[swaps + 1])?;
            swapped.by_itself = wait_until(BY_ITSELF * 2, || Ok(serves(&server, &identities[swaps + 1])))?;
        }
        Ok(swapped)
    })?;
    sheet.honest(&format!("{swaps} swaps, those connected"), rest, &honest, RATIO, HONEST);
    let failed = newcomers.as_ref().err().map(|error| crate::error::whole(error));
    sheet.add(
        "those who connect meanwhile: failed",
        "none",
        failed.unwrap_or_else(|| "none".to_owned()),
        newcomers.is_ok(),
    );
    sheet.exactly("the new certificate is served, after SIGHUP", swapped.told, swaps);
    sheet.time_at_most("the slowest swap after SIGHUP", swapped.longest, TOLD);
    sheet.exactly("no certificate at all: the old one is served", swapped.keeps_the_old, true);
    if form == Form::Full {
        let took = swapped.by_itself.unwrap_or(Duration::MAX);
        sheet.time_at_most("changed files, without a signal: served after", took, BY_ITSELF);
    }
    gave_back(sheet, &server, before, form.grace())?;
    sheet.exactly("the server ended", server.wait(Duration::ZERO)?.is_some(), false);
    Ok(())
}

#[derive(Default)]
struct Swapped {
    told: usize,
    longest: Duration,
    keeps_the_old: bool,
    by_itself: Option<Duration>,
}

/// Whether the server has this certificate.
fn serves(server: &Server, identity: &Identity) -> bool {
    let asks = || -> Result<()> {
        let config = identity.client().doing("make a configuration of TLS")?;
        let mut stream = Stream::open(server.address, Some(&config))?;
        send_request(&mut stream, server.address, "/")?;
        read_answer(&mut stream).map(drop)
    };
    asks().is_ok()
}

/// A folder for the certificate and its key, which ends with the row.
struct Files(PathBuf);

impl Files {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("bench-hold-{}", std::process::id()));
        fs::create_dir_all(&folder).doing("make a folder for certificates")?;
        Ok(Self(folder))
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    fn write(&self, identity: &Identity) -> Result<()> {
        put(&self.key(), &identity.key)?;
        put(&self.certificate(), &identity.certificate)
    }

    /// What is there is no certificate.
    fn spoil(&self) -> Result<()> {
        put(&self.certificate(), "-----BEGIN CERTIFICATE-----\nwhat is this?\n")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts a file in the place of another one at once, as those who renew certificates do.
fn put(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text).and_then(|()| fs::rename(&new, path)).doing(format!("write {}", path.display()))
}
