//! The TLS of a running server: what new handshakes use, and how it is replaced while the server runs.
//!
//! Each handshake takes the configuration that is current when it begins, by one lock that is held for the copy of a
//! pointer. Connections keep theirs.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls;

use rustls::crypto::ring;
use rustls::server::{
    NoServerSessionStorage, ProducesTickets, ServerConfig, ServerSessionMemoryCache, StoresServerSessions,
};
use tokio::time::{Instant, sleep};

use super::TlsError;
use super::chooser::Chooser;
use super::expiry::{self, Warned};
use super::part::{Change, Part, QUIET, When};
use super::source::{Clients, Pair};
use crate::server::Server;
use crate::transport::TlsAcceptor;

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(5);

/// How many sessions of TLS 1.2 clients that take no tickets are kept, as rustls does by itself.
const SESSIONS: usize = 256;

/// The TLS of a running server.
pub(crate) struct ServerTls {
    current: RwLock<Current>,
    /// Locked while files are read, so only by threads that may block. `None` for a `rustls::ServerConfig`.
    parts: Option<Mutex<Parts>>,
    /// Whether there is something to read again.
    is_in_files: bool,
}

/// What new handshakes use.
struct Current {
    acceptor: TlsAcceptor,
    expires: Option<SystemTime>,
}

/// What the configuration is made of.
struct Parts {
    /// The first is the default.
    pairs: Vec<(Part<Pair>, Warned)>,
    clients: Option<Part<Clients>>,
    resumption: Resumption,
    /// What new connections do not use yet, as no configuration could be made of it: what is logged once they do.
    unused: Vec<String>,
}

/// How clients resume sessions. It outlives the configurations: who has connected before a certificate is renewed
/// resumes after it.
struct Resumption {
    ticketer: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
}

impl ServerTls {
    /// Uses a configuration as it is.
    pub(super) fn fixed(config: Arc<ServerConfig>) -> Self {
        let current = Current { acceptor: TlsAcceptor::from(config), expires: None };
        Self { current: RwLock::new(current), parts: None, is_in_files: false }
    }

    /// Loads all certificates.
    pub(super) fn load(
        pairs: Vec<Pair>,
        clients: Option<Clients>,
        is_in_files: bool,
    ) -> Result<Self, Vec<TlsError>> {
        let mut errors = Vec::new();
        let mut note = |error| errors.push(error);
        let pairs: Vec<_> = pairs
            .into_iter()
            .filter_map(|pair| Part::load(pair).map_err(&mut note).ok())
            .map(|part| (part, Warned::default()))
            .collect();
        let clients = clients.and_then(|clients| Part::load(clients).map_err(&mut note).ok());
        let resumption = Resumption::new().map_err(&mut note).ok();
        let (Some(resumption), true) = (resumption, errors.is_empty()) else { return Err(errors) };

        let parts = Parts { pairs, clients, resumption, unused: Vec::new() };
        let current = parts.make().map_err(|error| vec![error])?;
        Ok(Self { current: RwLock::new(current), parts: Some(Mutex::new(parts)), is_in_files })
    }

    /// What a handshake that begins now uses.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).acceptor.clone()
    }

    /// When the first of its certificates expires. `None` if that is not known.
    pub(crate) fn expires(&self) -> Option<SystemTime> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).expires
    }

    /// Looks at the files until the server closes its connections, and warns of certificates that expire.
    pub(crate) async fn keep(self: Arc<Self>, server: Server) {
        if self.parts.is_none() {
            return;
        }
        self.warn_of_expiry(&server);
        let mut pause = PERIOD;
        while server.wait_for(sleep(pause)).await {
            let looked = self.is_in_files.then(|| self.look_from_thread(&server, When::Settled));
            pause = match looked {
                Some(looked) => looked.await.pause,
                None => PERIOD,
            };
            self.warn_of_expiry(&server);
        }
    }

    /// Reads the files again, if they have changed.
    ///
    /// # Errors
    ///
    /// The first error, if something cannot be used. It is logged, and what was loaded before stays in use.
    pub(crate) async fn reload(self: &Arc<Self>, server: &Server) -> Result<bool, TlsError> {
        if !self.is_in_files {
            return Ok(false);
        }
        let looked = self.look_from_thread(server, When::Now).await;
        looked.error.map_or(Ok(looked.has_changed), Err)
    }

    /// Looks at the files from a thread that may block.
    async fn look_from_thread(self: &Arc<Self>, server: &Server, when: When) -> Looked {
        let (this, server, now) = (Arc::clone(self), server.clone(), Instant::now());
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let look = move || tracing::dispatcher::with_default(&subscriber, || this.look(&server, now, when));
        // Fails only if the runtime is shut down.
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    fn look(&self, server: &Server, now: Instant, when: When) -> Looked {
        let Some(parts) = &self.parts else { return Looked::default() };
        let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut looked = Looked::default();
        let mut replaced = Vec::new();
        let Parts { pairs, clients, unused, resumption: _ } = &mut *parts;
        for (pair, warned) in pairs {
            if looked.add(pair.look(now, when), server) {
                *warned = Warned::default();
                replaced.push(format!("new connections get the {}", pair.loaded()));
            }
        }
        if let Some(clients) = clients
            && looked.add(clients.look(now, when), server)
        {
            replaced.push(format!("clients that connect are verified by the new {}", clients.source()));
        }
        let is_new = !replaced.is_empty();
        unused.append(&mut replaced);
        if unused.is_empty() {
            return looked;
        }
        match parts.make() {
            Ok(new) => *self.current.write().unwrap_or_else(PoisonError::into_inner) = new,
            Err(error) => {
                // It is tried again with the next look, and told once, or to who has asked for it.
                looked.has_changed = false;
                if is_new || when == When::Now {
                    looked.add(Change::Refused(error), server);
                }
                return looked;
            }
        }
        // Now that it holds for who reads this.
        looked.has_changed = true;
        for what in parts.unused.drain(..) {
            tracing::info!(server = server.name(), "tls: {what}");
        }
        looked
    }

    /// Warns of each certificate whose time is wrong, once a day.
    fn warn_of_expiry(&self, server: &Server) {
        // Files are being read: later.
        let Some(Ok(mut parts)) = self.parts.as_ref().map(Mutex::try_lock) else { return };
        let (now, time) = (Instant::now(), SystemTime::now());
        for (pair, warned) in &mut parts.pairs {
            let loaded = pair.loaded();
            let problem = loaded.validity.and_then(|validity| expiry::problem(validity, time));
            if let Some(problem) = problem
                && warned.is_due(now)
            {
                tracing::warn!(server = server.name(), "tls: the certificate in {} {problem}", loaded.place);
            }
        }
    }
}

impl Parts {
    /// Makes the configuration of what is loaded.
    fn make(&self) -> Result<Current, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients.loaded())),
            None => builder.with_no_client_auth(),
        };
        let loaded = || self.pairs.iter().map(|(pair, _)| pair.loaded());
        let mut config = builder.with_cert_resolver(Arc::new(Chooser::new(loaded())));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.max_early_data_size = 0; // early data can be replayed by an attacker
        if self.clients.is_some() {
            // A client that resumes is not asked for its certificate again, which may have expired since, or its
            // authority may have been removed.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        } else {
            config.session_storage = Arc::clone(&self.resumption.sessions);
            config.ticketer = Arc::clone(&self.resumption.ticketer);
        }
        let expires = loaded().filter_map(|loaded| loaded.validity).map(|validity| validity.ends).min();
        Ok(Current { acceptor: TlsAcceptor::from(Arc::new(config)), expires })
    }
}

impl Resumption {
    fn new() -> Result<Self, TlsError> {
        let ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
        Ok(Self { ticketer, sessions: ServerSessionMemoryCache::new(SESSIONS) })
    }
}

/// What a look at the files has found.
struct Looked {
    has_changed: bool,
    /// The first error.
    error: Option<TlsError>,
    /// How long to wait before the next look.
    pause: Duration,
}

impl Looked {
    /// Notes what was found of one part. Returns whether it was replaced.
    fn add(&mut self, change: Change, server: &Server) -> bool {
        match change {
            Change::None => {}
            Change::Soon => self.pause = QUIET,
            Change::Made => {
                self.has_changed = true;
                return true;
            }
            Change::Refused(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                tracing::warn!(
                    server = server.name(),
                    "tls: {error}{}; what was loaded before stays in use",
                    cause.unwrap_or_default()
                );
                self.error.get_or_insert(error);
            }
        }
        false
    }
}

impl Default for Looked {
    fn default() -> Self {
        Self { has_changed: false, error: None, pause: PERIOD }
    }
}
