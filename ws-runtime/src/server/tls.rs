//! What a running server offers about its TLS.

use std::time::SystemTime;

use super::Server;
#[cfg(feature = "tls")]
use crate::listen::TlsError;

impl Server {
    /// Reads certificates, keys and `client_ca` again, if their files have changed. New connections get what is loaded;
    /// open ones are kept. Returns whether something has changed.
    ///
    /// The server does so by itself when files change, see [`Tls`](crate::Tls). This is for a program that knows that
    /// they are complete: it does not wait. Without TLS, or if it is not from files, nothing happens.
    ///
    /// # Errors
    ///
    /// The first error, if something cannot be used. All are logged. What cannot be used stays as it was.
    ///
    /// ```no_run
    /// # async fn example(server: &ws_runtime::Server) {
    /// match server.reload_tls().await {
    ///     Ok(true) => println!("new connections get the new certificate"),
    ///     Ok(false) => println!("the files are the same"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    pub async fn reload_tls(&self) -> Result<bool, TlsError> {
        match self.0.tls.get() {
            Some(tls) => tls.reload(self).await,
            None => Ok(false),
        }
    }

    /// When the first of the server's own certificates expires (`notAfter`). `None` without TLS, and if the certificate
    /// is in a `rustls::ServerConfig` of yours.
    ///
    /// ```
    /// # fn example(server: &ws_runtime::Server) {
    /// if let Some(left) = server.tls_expires().and_then(|at| at.duration_since(std::time::SystemTime::now()).ok()) {
    ///     println!("{} days are left", left.as_secs() / 86_400);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn tls_expires(&self) -> Option<SystemTime> {
        self.0.tls.get()?.expires()
    }
}
