//! Stands in for `deflate.rs` in a build without the feature `compression`.
//!
//! None of these types has a value: no connection can agree on compression, and the compiler drops what depends on it.

use std::convert::Infallible;

use super::ProtocolError;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreement(Infallible);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form(Infallible);

#[derive(Debug)]
pub(crate) struct Inflater(Infallible);

#[derive(Debug)]
pub(crate) struct Deflater(Infallible);

impl Agreement {
    pub(crate) fn form(self, _level: u32) -> Form {
        match self.0 {}
    }

    pub(crate) fn deflater(self, _level: u32) -> Option<Deflater> {
        match self.0 {}
    }
}

impl Form {
    pub(crate) fn deflate(self, _payload: &[u8]) -> Vec<u8> {
        match self.0 {}
    }
}

impl Inflater {
    pub(crate) fn new(agreement: Agreement, _max: usize) -> Self {
        match agreement.0 {}
    }

    pub(super) fn inflate(&mut self, _payload: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        match self.0 {}
    }

    pub(super) fn take_cost(&mut self) -> usize {
        match self.0 {}
    }
}

impl Deflater {
    pub(crate) fn deflate(&mut self, _payload: &[u8]) -> Vec<u8> {
        match self.0 {}
    }

    pub(crate) fn forget(&mut self) {
        match self.0 {}
    }
}
