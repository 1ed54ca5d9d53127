//! Data directories that are damaged, newer or in use, and an address in use.

use super::{Cases, WITNESSED, begin, names, unharmed, witness};
use crate::node::Node;
use crate::rng::Rng;
use crate::score;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bits that are flipped in each file of the store.
const FLIPS: u64 = 12;
/// Where the version stands in the manifest (`docs/formats/segment.md`).
const VERSION: std::ops::Range<usize> = 8..12;
const CHECKSUM: std::ops::Range<usize> = 12..16;
const BODY: usize = 16;

/// Kills the node and starts it on spoiled copies of its directory.
pub(super) fn cases(
    binary: &Path,
    node: Node,
    data: &Path,
    folder: &Path,
    seed: u64,
) -> Result<Cases> {
    let mut cases = Cases::new();
    let serve = |data: &Path, listen: &str| refused(binary, data, listen);
    let in_use = node.address.to_string();
    cases.push((
        "an address in use".into(),
        serve(&folder.join("elsewhere"), &in_use).and_then(|said| names(&said, &["CLI-003"])),
    ));
    cases.push((
        "a directory in use".into(),
        serve(data, "127.0.0.1:0").and_then(|said| names(&said, &["CLI-002", "STO-001"])),
    ));
    unharmed(&node)?;
    node.kill()?;
    let copy = folder.join("copy");
    let spoilt = |spoil: &dyn Fn(&Path) -> Result<()>| {
        copied(data, &copy)?;
        spoil(&copy)
    };
    cases.push((
        "a store of a newer release".into(),
        spoilt(&newer)
            .and_then(|()| serve(&copy, "127.0.0.1:0"))
            .and_then(|said| names(&said, &["STO-002"])),
    ));
    let mut rng = Rng::new(seed);
    for file in files(data)? {
        for _ in 0..FLIPS {
            let at = rng.next();
            let outcome = spoilt(&|copy| flipped(&copy.join(&file), at))
                .and_then(|()| remembers_or_refuses(binary, &copy));
            cases.push((
                format!(
                    "`{}` with bit {at} (modulo its length) flipped",
                    file.display()
                ),
                outcome,
            ));
        }
    }
    // The sound directory still opens after all that was done beside it.
    let again = Node::start(binary, data)?;
    cases.push(("the sound directory again".into(), unharmed(&again)));
    drop(again);
    begin(binary, &folder.join("new"))?;
    Ok(cases)
}

/// Starts a node that should not start, and returns what it said.
fn refused(binary: &Path, data: &Path, listen: &str) -> Result<String> {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(binary);
    command
        .args(["serve", "--listen", listen, "--data"])
        .arg(data);
    let output = command.output().context("could not start the node")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code();
    ensure!(
        code.is_some_and(|code| code != 0),
        "it did not refuse: {code:?}, {said}"
    );
    Ok(said)
}

/// Either it tells all that it told before, or it says what is damaged.
fn remembers_or_refuses(binary: &Path, data: &Path) -> Result<()> {
    let node = match Node::start(binary, data) {
        Ok(node) => node,
        Err(error) => return names(&format!("{error:#}"), &["STO-0", "NOD-0"]),
    };
    let found = witness(&node)?;
    ensure!(
        found == [json!(WITNESSED)],
        "started, and the witness says {found:?}"
    );
    let buildings = node.get("/v1/buildings")?;
    let storeys = buildings["buildings"][0]["storeys"].as_u64();
    ensure!(
        storeys == Some(2),
        "started, and the building has {storeys:?} storeys"
    );
    Ok(())
}

/// What the store consists of, from the data directory on.
fn files(data: &Path) -> Result<Vec<PathBuf>> {
    let all = score::files_below(data, "");
    let inside = all.iter().filter_map(|file| file.strip_prefix(data).ok());
    let kept = inside.filter(|file| file.starts_with("store") && !file.ends_with("lock"));
    let kept: Vec<PathBuf> = kept.map(Path::to_path_buf).collect();
    ensure!(!kept.is_empty(), "the data directory has no store");
    Ok(kept)
}

fn copied(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    for file in score::files_below(from, "") {
        let target = to.join(file.strip_prefix(from)?);
        std::fs::create_dir_all(target.parent().context("a file without folder")?)?;
        std::fs::copy(&file, target)?;
    }
    Ok(())
}

fn flipped(file: &Path, at: u64) -> Result<()> {
    let mut bytes = std::fs::read(file)?;
    ensure!(!bytes.is_empty(), "an empty file");
    let at = at % (8 * bytes.len() as u64);
    bytes[(at / 8) as usize] ^= 1 << (at % 8);
    Ok(std::fs::write(file, bytes)?)
}

/// Both copies of the manifest as a later version would write them.
fn newer(data: &Path) -> Result<()> {
    for name in ["manifest-a", "manifest-b"] {
        let file = data.join("store").join(name);
        let mut bytes = std::fs::read(&file)?;
        bytes[VERSION].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&bytes[VERSION]);
        checksum.update(&bytes[BODY..]);
        bytes[CHECKSUM].copy_from_slice(&checksum.finalize().to_le_bytes());
        std::fs::write(file, bytes)?;
    }
    Ok(())
}
