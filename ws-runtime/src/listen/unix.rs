//! Unix domain sockets in the file system.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::error::ListenError;
use super::listener::Listener;

/// Listens at a path. A stale socket there, which no program listens on any more, is removed first.
pub(super) fn bind(path: &Path, backlog: u32) -> Result<Listener, ListenError> {
    // Absolute, so that it is found again for removal after a change of directory.
    let absolute = std::path::absolute(path).map_err(|source| ListenError::of_path(path, source))?;
    clear_stale(path)?;
    open(path, backlog)
        .and_then(|listener| Listener::unix(listener, Some(SocketFile::at(absolute)?)))
        .map_err(|source| ListenError::of_path(path, source))
}

/// The file of a socket that was made here. Dropping this removes the file, unless another one has replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn at(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&fs::symlink_metadata(&path)?);
        Ok(Self { path, identity })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        remove_if_same(&self.path, self.identity);
    }
}

fn open(path: &Path, backlog: u32) -> io::Result<std::os::unix::net::UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Removes a socket that refuses connections. Anything else at the path is an error.
fn clear_stale(path: &Path) -> Result<(), ListenError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ListenError::of_path(path, error)),
    };
    if !found.file_type().is_socket() {
        return Err(ListenError::NotSocket { path: path.to_owned() });
    }
    match probe(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            remove_if_same(path, identity(&found));
            Ok(())
        }
        // A full backlog fails with "would block", a datagram socket with "wrong protocol": the socket is in use.
        Ok(()) => Err(ListenError::PathInUse { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ListenError::of_path(path, error))
        }
        Err(_) => Err(ListenError::PathInUse { path: path.to_owned() }),
    }
}

fn probe(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?; // or a full backlog would delay the start
    socket.connect(&SockAddr::unix(path)?)
}

fn identity(file: &fs::Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn remove_if_same(path: &Path, expected: (u64, u64)) {
    if fs::symlink_metadata(path).is_ok_and(|found| identity(&found) == expected) {
        // If it cannot be removed, the next start removes it as stale.
        let _ = fs::remove_file(path);
    }
}
