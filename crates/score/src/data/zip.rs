//! The first file of a zip archive.

use anyhow::{Context, Result, ensure};
use std::io::Read as _;
use std::path::Path;

/// Most bytes that are taken out of an archive.
const BYTES_MAX: u64 = 100_000_000;

/// Reads the first file (PKWARE APPNOTE 6.3.10, 4.3.7), stored or deflated.
pub(super) fn first(path: &Path) -> Result<String> {
    let bytes =
        std::fs::read(path).with_context(|| format!("`{}` is not there", path.display()))?;
    let short = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    ensure!(
        bytes.starts_with(b"PK\x03\x04"),
        "`{}` is no archive",
        path.display()
    );
    let (method, name, extra) = (short(8), short(26), short(28));
    let (name, extra) = (name.context("cut short")?, extra.context("cut short")?);
    let begins = 30 + usize::from(name) + usize::from(extra);
    let content = bytes.get(begins..).context("cut short")?;
    let mut text = String::new();
    match method {
        // The stream of a deflated file ends by itself, whatever follows it.
        Some(8) => flate2::read::DeflateDecoder::new(content)
            .take(BYTES_MAX)
            .read_to_string(&mut text)?,
        method => anyhow::bail!("`{}` is packed by method {method:?}", path.display()),
    };
    Ok(text)
}
