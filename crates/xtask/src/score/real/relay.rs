//! What a relay that only carries bundles for others could read of them: its disk is
//! searched for everything that was sent through it.
//!
//! Two organisations share with each other and their own link is cut, so everything goes
//! through a third. Names of things, sources, texts, numbers and times are looked for in
//! its files as they are and in the encodings that a curious person would try. The same
//! search finds them at the reader, or it would prove nothing.

use crate::federation::comparison::told;
use crate::federation::{self, Organisation, Share, until};
use crate::node;
use crate::report::{Row, hash_text};
use crate::rng::{Rng, now_us, rfc3339};
use crate::score::files_below;
use crate::shell;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
/// Claims that are sent through the relay; each has five values to look for.
const CLAIMS: u64 = 200;
/// Needles shorter than this would be found by chance.
const NEEDLE_BYTES_MIN: usize = 8;

/// Sends through a relay and searches its disk.
pub(in crate::score) fn measure(seed: u64) -> Result<Vec<Row>> {
    let binary = node::build(true)?;
    let folder = shell::scratch("relay")?;
    let begin =
        |name: &str, is_reached| Organisation::begin(&binary, &folder.join(name), name, is_reached);
    let (writer, mut relay, reader) = (
        begin("tower", true)?,
        begin("engine", true)?,
        begin("brigade", false)?,
    );
    federation::join(writer.node()?, reader.node()?)?;
    federation::join(relay.node()?, writer.node()?)?;
    federation::join(relay.node()?, reader.node()?)?;
    for (node, name) in [(writer.node()?, "engine"), (reader.node()?, "engine")] {
        until(PATIENCE, "the relay is connected", || {
            Ok(federation::is_connected(node, name)?.then_some(()))
        })?;
    }
    // From now on there is no other way.
    writer.wire.as_ref().context("no wire")?.cut();
    let share = Share {
        to: "brigade",
        kinds: &[],
        attributes: &["remark", "temperature"],
        backfill: true,
    };
    federation::share(writer.node()?, share)?;
    let sent = claims(seed);
    writer.node()?.claim(&sent.lines)?;
    let (last, _) = sent.remarks.last().context("nothing was sent")?;
    until(
        PATIENCE,
        "the reader has what went through the relay",
        || {
            let node = reader.node()?;
            let told = told(node, &mut node.connect()?, last, "remark", Some("tower"))?;
            Ok((!told.is_empty()).then_some(()))
        },
    )?;
    relay.kill()?;
    let needles = needles(&sent.secrets);
    let (found, bytes) = search(&relay.data, &needles)?;
    let (control, _) = search(&reader.data, &needles)?;
    let all = sent.secrets.len();
    Ok(vec![
        Row::new(
            "a relay's disk searched for every value sent",
            "nothing found",
        )
        .found(
            all as u64,
            format!("{} of {all} values found", found.len()),
            found.is_empty() && control.len() * 2 > all,
        )
        .beside(format!(
            "the same search at the reader: {} of {all} found",
            control.len()
        ))
        .on(hash_text(&format!("{CLAIMS} claims, seed {seed}")))
        .details([format!(
            "{} patterns (plain, UTF-16, hexadecimal, base64, percent, reversed, numbers and \
             times in binary) in {bytes} bytes of the third node's files; the writer's and the \
             reader's own link was cut",
            needles.len()
        )])
        .details(
            found
                .iter()
                .take(10)
                .map(|&at| format!("found: {:?}", sent.secrets[at])),
        ),
    ])
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
enum Secret {
    Text(String),
    Number(f64),
    Time(u64),
}

#[derive(Debug, Default)]
struct Sent {
    lines: String,
    secrets: Vec<Secret>,
    remarks: Vec<(String, String)>,
}

/// Claims in which everything is unlike anything else.
fn claims(seed: u64) -> Sent {
    let mut rng = Rng::new(seed);
    let mut sent = Sent::default();
    let observed_us = now_us() - CLAIMS;
    for number in 0..CLAIMS {
        let token = |rng: &mut Rng, what: &str| format!("{what}-{:016x}", rng.next());
        let entity = format!("urn:twin:tower:{}", token(&mut rng, "vault"));
        let source = format!("urn:twin:source:{}", token(&mut rng, "guard"));
        let remark = token(&mut rng, "the password is");
        let temperature = 15.0 + (rng.below(1 << 40) as f64) / (1_u64 << 37) as f64;
        let time = observed_us + number;
        let observed = rfc3339(time);
        for (attribute, value) in [
            ("remark", format!("\"{remark}\"")),
            ("temperature", format!("{temperature},\"unit\":\"Cel\"")),
        ] {
            let _ = writeln!(
                sent.lines,
                "{{\"source\":\"{source}\",\"entity\":\"{entity}\",\"attribute\":\"{attribute}\",\
                 \"value\":{value},\"observed\":\"{observed}\"}}"
            );
        }
        sent.secrets.extend([
            Secret::Text(entity.clone()),
            Secret::Text(source),
            Secret::Text(remark.clone()),
            Secret::Number(temperature),
            Secret::Time(time),
        ]);
        sent.remarks.push((entity, remark));
    }
    sent
}

/// Every secret in every encoding, with the number of the secret.
fn needles(secrets: &[Secret]) -> Vec<(Vec<u8>, usize)> {
    let mut needles = Vec::new();
    for (number, secret) in secrets.iter().enumerate() {
        let encoded = match secret {
            // The names' common beginnings tell nothing.
            Secret::Text(text) => texts(text.rsplit(':').next().unwrap_or(text)),
            Secret::Number(number) => {
                let bits = number.to_bits();
                let mut all = texts(&number.to_string());
                all.extend([bits.to_le_bytes().to_vec(), bits.to_be_bytes().to_vec()]);
                all
            }
            Secret::Time(us) => {
                let mut all = texts(&rfc3339(*us));
                all.extend([us.to_le_bytes().to_vec(), us.to_be_bytes().to_vec()]);
                all.push(us.to_string().into_bytes());
                all
            }
        };
        let long = encoded
            .into_iter()
            .filter(|needle| needle.len() >= NEEDLE_BYTES_MIN);
        needles.extend(long.map(|needle| (needle, number)));
    }
    needles
}

fn texts(text: &str) -> Vec<Vec<u8>> {
    let plain = text.as_bytes();
    let mut hex = String::new();
    for byte in plain {
        let _ = write!(hex, "{byte:02x}");
    }
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    let mut all = vec![
        plain.to_vec(),
        plain.iter().rev().copied().collect(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        node::escaped(text).into_bytes(),
    ];
    for offset in 0..3 {
        for alphabet in [b"+/", b"-_"] {
            all.push(base64(plain, offset, *alphabet));
        }
    }
    all
}

/// The part of a base64 text (RFC 4648) that depends on these bytes only, when they begin
/// so many bytes after a multiple of three.
fn base64(bytes: &[u8], offset: usize, last: [u8; 2]) -> Vec<u8> {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .collect();
    alphabet.extend(last);
    let whole = &bytes[((3 - offset) % 3).min(bytes.len())..];
    let mut text = Vec::new();
    for group in whole.chunks_exact(3) {
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        text.extend([18, 12, 6, 0].map(|shift| alphabet[(bits >> shift) as usize & 63]));
    }
    text
}

/// The numbers of the secrets that are in any file below a folder, and how many bytes were
/// searched.
fn search(folder: &Path, needles: &[(Vec<u8>, usize)]) -> Result<(BTreeSet<usize>, u64)> {
    let mut by_start: BTreeMap<[u8; NEEDLE_BYTES_MIN], Vec<usize>> = BTreeMap::new();
    for (at, (needle, _)) in needles.iter().enumerate() {
        let start = needle.first_chunk().context("a needle too short")?;
        by_start.entry(*start).or_default().push(at);
    }
    let (mut found, mut searched) = (BTreeSet::new(), 0);
    for file in files_below(folder, "") {
        let bytes = std::fs::read(&file)?;
        searched += bytes.len() as u64;
        for (at, window) in bytes.windows(NEEDLE_BYTES_MIN).enumerate() {
            let start = window.first_chunk().context("a window too short")?;
            for &candidate in by_start.get(start).into_iter().flatten() {
                let (needle, secret) = &needles[candidate];
                if bytes[at..].starts_with(needle) {
                    found.insert(*secret);
                }
            }
        }
    }
    Ok((found, searched))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // "foobar" is "Zm9vYmFy"; behind one byte, "?foobar" is "P2Zvb2Jhcg".
        assert_eq!(base64(b"foobar", 0, *b"+/"), b"Zm9vYmFy");
        assert_eq!(base64(b"foobar", 1, *b"+/"), b"b2Jh");
        assert_eq!(base64(b"foobar", 2, *b"+/"), b"b29i");
    }

    #[test]
    fn what_is_hidden_in_any_encoding_is_found() {
        let secrets = [
            Secret::Text("urn:twin:tower:vault-0123456789abcdef".into()),
            Secret::Number(21.374_819_203),
            Secret::Time(1_767_601_392_500_000),
        ];
        let needles = needles(&secrets);
        let folder = tempfile::tempdir().unwrap();
        let hides = |bytes: &[u8]| {
            let mut file = b"some bytes before ".to_vec();
            file.extend(bytes);
            std::fs::write(folder.path().join("file"), file).unwrap();
            let (found, _) = search(folder.path(), &needles).unwrap();
            found.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(hides(b"nothing at all"), Vec::<usize>::new());
        for (needle, secret) in &needles {
            assert_eq!(hides(needle), [*secret], "{needle:?}");
        }
    }
}
