//! Where other nodes are let in, for whoever is on this machine: `docs/formats/endpoint.md`.

use crate::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

const NAME: &str = "link-endpoint";

/// A file that is there while the door is open.
#[derive(Debug)]
pub(super) struct DoorFile(PathBuf);

impl DoorFile {
    /// Writes it whole, under another name first.
    pub(super) fn write(data_dir: &Path, bound: SocketAddr) -> Result<Self, Error> {
        let (path, new) = (data_dir.join(NAME), data_dir.join(format!("{NAME}.new")));
        let text = format!("{}\n{}\n", url(bound), std::process::id());
        std::fs::write(&new, text)
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(|cause| Error::Io {
                what: "writing where other nodes are let in",
                cause,
            })?;
        Ok(Self(path))
    }
}

impl Drop for DoorFile {
    fn drop(&mut self) {
        // What stays behind proves nothing.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The address as this machine reaches it: a door that is open everywhere is open here.
pub(super) fn url(bound: SocketAddr) -> String {
    let near = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("wss://{}", SocketAddr::from((near, bound.port())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_there_while_the_door_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let file = DoorFile::write(dir.path(), "[::]:81".parse().unwrap()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
        assert_eq!(text, format!("wss://[::1]:81\n{}\n", std::process::id()));
        drop(file);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
