//! Files into the node, and back out.

use crate::args::{Import, UndoImport};
use crate::client::{Client, Path};
use crate::commands::read::word;
use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use crate::output::{Output, harmless};
use crate::progress::Progress;
use crate::text;
use serde_json::Value;
use std::fs::File;
use std::path::Path as FilePath;

/// Checks what can be checked before a node is asked.
pub(crate) fn check(args: &Import) -> Result<()> {
    if args.name.is_some() && args.files.len() > 1 {
        return Err(
            Failure::new(Code::Value, "one name cannot stand for several files")
                .help("import them one by one, or leave --name out"),
        );
    }
    args.files.iter().try_for_each(|file| open(file).map(drop))
}

/// `twin import`.
pub(crate) fn import(client: &Client, output: &Output, args: &Import) -> Result<()> {
    let import = |file| one(client, output, file, args.name.as_deref());
    args.files.iter().try_for_each(|file| import(file))
}

/// A file and its length in bytes.
fn open(path: &FilePath) -> Result<(File, u64)> {
    let fail = |cause| Failure::file(path, &cause);
    let file = File::open(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(Failure::new(
            Code::File,
            format!("`{}` is a directory", path.display()),
        ));
    }
    Ok((file, metadata.len()))
}

/// Reads one file into the node, with progress.
pub(crate) fn one(
    client: &Client,
    output: &Output,
    path: &FilePath,
    name: Option<&str>,
) -> Result<()> {
    let (mut file, length) = open(path)?;
    let own_name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let name = name.unwrap_or(&own_name);
    let target = Path::new("/v1/imports").query("name", name);
    let mut progress = Progress::new(output, name);
    let mut done = None;
    let sent = client.post_file(&target, &mut file, length, |line| {
        if let Some(share) = line["progress"].as_f64() {
            progress.at(share, line["stage"].as_str().unwrap_or(""));
        } else if !line["error"].is_null() {
            return Err(Failure::from_answer(200, &line["error"]));
        } else if !line["done"].is_null() {
            done = Some(line["done"].clone());
        }
        Ok(())
    });
    drop(progress);
    if interrupt::interrupted() && done.is_none() {
        return Err(Failure::interrupted(&format!("the import of `{name}`"))
            .help("nothing of the file was recorded"));
    }
    sent?;
    let done = done.ok_or_else(|| {
        Failure::new(
            Code::Unreachable,
            format!("the node broke off the import of `{name}`"),
        )
        .help("see the node's log; `twin imports` shows whether it was recorded")
    })?;
    report(output, name, &done);
    Ok(())
}

/// Says what an import, or its taking back, has changed.
fn report(output: &Output, name: &str, done: &Value) {
    if output.json {
        output.object(done);
        return;
    }
    let building = match done["building"].as_str() {
        Some(id) => format!(", building {}", harmless(id)),
        None => String::new(),
    };
    let (batch, commit) = (word(&done["batch"]), word(&done["commit"]));
    output.answer(&format!(
        "{}: import {batch}{building}, commit {commit}",
        harmless(name)
    ));
    for (title, key) in [
        ("read", "summary"),
        ("changes", "changes"),
        ("findings", "findings"),
    ] {
        let counts = counts(&done[key]);
        if !counts.is_empty() {
            output.answer(&format!("  {title}: {counts}"));
        }
    }
}

/// "storeys 3, spaces 21".
fn counts(object: &Value) -> String {
    let pairs = object.as_object().into_iter().flatten();
    let words = pairs.map(|(name, count)| format!("{} {}", harmless(name), word(count)));
    words.collect::<Vec<_>>().join(", ")
}

/// `twin imports`.
pub(crate) fn imports(client: &Client, output: &Output) -> Result<()> {
    let answer = client.get(&Path::new("/v1/imports"))?;
    let all = answer["imports"].as_array().cloned().unwrap_or_default();
    if output.json {
        output.objects(&all);
        return Ok(());
    }
    let row = |one: &Value| {
        let keys = ["batch", "recorded", "name", "building"];
        let mut cells: Vec<_> = keys.iter().map(|key| word(&one[*key])).collect();
        if let Some(by) = one["undoneBy"].as_u64() {
            cells.push(format!("taken back by {by}"));
        } else if let Some(of) = one["undoOf"].as_u64() {
            cells.push(format!("takes {of} back"));
        }
        cells
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    output.rows(&rows);
    output.say(&text::count(all.len() as u64, "import"));
    Ok(())
}

/// `twin undo-import`.
pub(crate) fn undo(client: &Client, output: &Output, args: &UndoImport) -> Result<()> {
    let done = client.delete(&Path::new("/v1/imports").part(&args.batch.to_string()))?;
    report(output, &format!("import {} taken back", args.batch), &done);
    Ok(())
}
