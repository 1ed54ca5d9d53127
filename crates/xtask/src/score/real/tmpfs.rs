//! A small disk that can be filled: a file system in memory, of a namespace of its own.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What fills it.
const FILLER: &str = "filler";

/// A small disk; it is gone when dropped.
#[derive(Debug)]
pub(super) struct Tmpfs {
    holder: Child,
    pub root: PathBuf,
}

impl Tmpfs {
    /// Mounts one over an empty folder, without rights that not everybody has. It is reached
    /// through the process that holds it.
    pub(super) fn mount(folder: &Path, mebibytes: u64) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let script =
            format!("mount -t tmpfs -o size={mebibytes}m twin \"$0\" && echo mounted && exec cat");
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(folder)
            // It ends when we do: `cat` reads until then.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start `unshare`")?;
        let mut said = String::new();
        let out = holder.stdout.take().context("no output")?;
        BufReader::new(out).take(64).read_line(&mut said)?;
        ensure!(
            said == "mounted\n",
            "no file system of a user can be mounted here"
        );
        let inside = folder.strip_prefix("/").unwrap_or(folder);
        let root = PathBuf::from(format!("/proc/{}/root", holder.id())).join(inside);
        Ok(Self { holder, root })
    }

    /// Takes the last byte that is free.
    pub(super) fn fill(&self) -> Result<()> {
        let mut file = std::fs::File::create(self.root.join(FILLER))?;
        let mut block = vec![0x5a; 1 << 20];
        // Smaller and smaller, until nothing fits.
        while !block.is_empty() {
            if file.write_all(&block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
        Ok(())
    }

    /// Gives it back.
    pub(super) fn free(&self) -> Result<()> {
        match std::fs::remove_file(self.root.join(FILLER)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_until_it_is_freed() {
        let folder = tempfile::tempdir().unwrap();
        // Where users may not mount anything there is nothing to test.
        let Ok(disk) = Tmpfs::mount(&folder.path().join("disk"), 2) else {
            return;
        };
        let file = disk.root.join("file");
        disk.fill().unwrap();
        assert!(std::fs::write(&file, [0; 8192]).is_err());
        disk.free().unwrap();
        std::fs::write(&file, [0; 8192]).unwrap();
        assert!(!folder.path().join("disk/file").exists(), "seen outside");
    }
}
