//! Stands in for `hangup.rs` in a build without the feature `tls`, and on systems without SIGHUP.

use std::io;

use crate::listen::Tls;
use crate::server::Server;

pub(super) struct Hangup;

impl Hangup {
    pub(super) fn listen(_tls: Option<&Tls>) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn reload(self, _server: &Server) {}
}
