//! Bundle files: what a vehicle carries when no link does.
//!
//! The file is read here only as far as is needed to go on with one that was cut; what is
//! in it nobody but those it is meant for can read.

use crate::args::CarryAction;
use crate::client::{Client, Path};
use crate::commands::read::now;
use crate::failure::{Code, Failure, Result};
use crate::output::Output;
use crate::text;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path as FilePath;
use twin_exchange::carry::{Have, Import, Item, Summary};

/// Bytes that are read at once.
const STEP_BYTES: usize = 256 << 10;

/// Checks what can be checked before a node is asked.
pub(crate) fn check(action: &CarryAction) -> Result<()> {
    match action {
        CarryAction::Import { file }
        | CarryAction::Export {
            have: Some(file), ..
        } => File::open(file)
            .map(drop)
            .map_err(|cause| Failure::file(file, &cause)),
        _ => Ok(()),
    }
}

/// `twin carry`.
pub(crate) fn carry(client: &Client, output: &Output, action: &CarryAction) -> Result<()> {
    match action {
        CarryAction::Export {
            file,
            members,
            have,
        } => export(client, output, file, members, have.as_deref()),
        CarryAction::Import { file } => import(client, output, file),
        CarryAction::Have { file } => write_have(client, output, file),
    }
}

fn export(
    client: &Client,
    output: &Output,
    path: &FilePath,
    members: &[String],
    theirs: Option<&FilePath>,
) -> Result<()> {
    let fail = |cause: io::Error| Failure::file(path, &cause);
    let mut have = Have::default();
    if let Some(theirs) = theirs {
        let mut file = File::open(theirs).map_err(|cause| Failure::file(theirs, &cause))?;
        read(theirs, &mut file, &mut |item| have.note(&item))?;
    }
    let mut options = OpenOptions::new();
    // Not cut short: it may be one to go on with.
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path).map_err(fail)?;
    let before = if file.metadata().map_err(fail)?.len() == 0 {
        0
    } else {
        read(path, &mut file, &mut |item| have.note(&item))?.whole_bytes
    };
    file.set_len(before).map_err(fail)?;
    file.seek(SeekFrom::Start(before)).map_err(fail)?;
    let mut sink = Sink {
        file,
        reader: Import::resume(before),
        bundles: 0,
    };
    let mut target = Path::new("/v1/bundles/missing");
    if !members.is_empty() {
        target = target.query("of", &members.join(","));
    }
    if before > 0 {
        target = target.query("continued", "true");
    }
    let told: Vec<u8> = have.chunks(now()).flatten().collect();
    let sent = client.post_for_bytes(&target, &told, &mut sink);
    // What has arrived counts, also when the rest did not.
    let kept = sink.file.sync_all();
    sent.map_err(|failure| goes_on(failure, path, &sink))?;
    kept.map_err(fail)?;
    let is_whole = sink
        .reader
        .finish(&mut |_| {})
        .is_ok_and(|summary| summary.is_complete);
    if !is_whole {
        let message = format!("`{}` could not be written to its end", path.display());
        return Err(goes_on(Failure::new(Code::Answer, message), path, &sink));
    }
    let bytes = sink.file.metadata().map_err(fail)?.len();
    if output.json {
        let file = path.display().to_string();
        output.object(
            &json!({ "file": file, "bundles": sink.bundles, "bytes": bytes,
            "wentOn": before > 0 }),
        );
        return Ok(());
    }
    let what = if before > 0 { "added to" } else { "in" };
    output.answer(&format!(
        "{} {what} {}, {}",
        text::count(sink.bundles, "bundle"),
        path.display(),
        text::bytes(bytes as f64)
    ));
    Ok(())
}

fn goes_on(failure: Failure, path: &FilePath, sink: &Sink) -> Failure {
    if sink.bundles == 0 {
        return failure;
    }
    let bundles = text::count(sink.bundles, "bundle");
    let place = path.display();
    failure.help(format!(
        "{bundles} of it are in `{place}`; the same command goes on where it ended"
    ))
}

/// Writes the file and counts what is in it.
struct Sink {
    file: File,
    reader: Import,
    bundles: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bundles = &mut self.bundles;
        let read = self.reader.feed(bytes, &mut |item| {
            *bundles += u64::from(matches!(item, Item::Bundle(_)));
        });
        read.map_err(io::Error::other)?;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a bundle file to its end.
fn read(path: &FilePath, file: &mut File, each: &mut dyn FnMut(Item)) -> Result<Summary> {
    let mut import = Import::default();
    let mut step = vec![0; STEP_BYTES];
    let wrong = |cause: twin_exchange::carry::Error| {
        Failure::new(Code::File, format!("`{}`: {cause}", path.display()))
            .help("nothing was changed; name another file")
    };
    loop {
        let bytes = file
            .read(&mut step)
            .map_err(|cause| Failure::file(path, &cause))?;
        if bytes == 0 {
            return import.finish(each).map_err(wrong);
        }
        import.feed(&step[..bytes], each).map_err(wrong)?;
    }
}

fn import(client: &Client, output: &Output, path: &FilePath) -> Result<()> {
    let fail = |cause: io::Error| Failure::file(path, &cause);
    let mut file = File::open(path).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    let answer = client.post_stream(&Path::new("/v1/bundles"), &mut file, length)?;
    if output.json {
        output.object(&answer);
    } else {
        let of = |key: &str| answer["bundles"][key].as_u64().unwrap_or(0);
        output.answer(&format!(
            "{} read, {} new, {} refused",
            text::count(of("read"), "item"),
            of("new"),
            of("refused")
        ));
    }
    if answer["cut"] == true {
        output.warn("the file ends early or is damaged; what was whole in it has been taken");
    }
    Ok(())
}

fn write_have(client: &Client, output: &Output, path: &FilePath) -> Result<()> {
    let fail = |cause: io::Error| Failure::file(path, &cause);
    let mut file = File::create(path).map_err(fail)?;
    client.get_bytes(&Path::new("/v1/bundles/have"), &mut file)?;
    file.sync_all().map_err(fail)?;
    let bytes = file.metadata().map_err(fail)?.len();
    if output.json {
        output.object(&json!({ "file": path.display().to_string(), "bytes": bytes }));
    } else {
        output.answer(&format!(
            "{}: {}",
            path.display(),
            text::bytes(bytes as f64)
        ));
    }
    Ok(())
}
