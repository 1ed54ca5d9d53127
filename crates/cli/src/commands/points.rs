//! `twin points` and `twin messages`: what sensors say under names of their own.

use crate::args::{Messages, Points};
use crate::client::{Client, Path};
use crate::commands::read::word;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::text;
use serde_json::{Value, json};
use std::fs;
use std::path::Path as FilePath;

/// Bytes of messages that are sent at a time.
const PORTION_BYTES: usize = 8 << 20;

/// `twin points`.
pub(crate) fn points(client: &Client, output: &Output, args: &Points) -> Result<()> {
    match (&args.export, &args.import) {
        (Some(file), _) => export(client, output, file),
        (_, Some(file)) => import(client, output, file),
        _ if args.suggest => suggest(client, output),
        _ => list(client, output, &args.state),
    }
}

fn list(client: &Client, output: &Output, state: &str) -> Result<()> {
    let path = Path::new("/v1/points").query("state", state);
    let mut count = 0_u64;
    client.each(&path, "points", |point| {
        count += 1;
        if output.json {
            output.object(point);
        } else {
            output.answer(&line(point));
        }
        Ok(())
    })?;
    output.say(&text::count(count, "point"));
    Ok(())
}

fn line(point: &Value) -> String {
    let place = match &point["observes"] {
        Value::Null => "place unknown".to_owned(),
        place if place["name"].is_null() => word(&place["id"]),
        place => word(&place["name"]),
    };
    let probability = point["probability"].as_f64();
    let probability = probability.map_or(String::new(), |p| format!(" ({})", text::number(p, 2)));
    format!(
        "{}  {}{probability}  {place}  {}",
        word(&point["point"]),
        word(&point["state"]),
        word(&point["attribute"]),
    )
}

fn export(client: &Client, output: &Output, path: &FilePath) -> Result<()> {
    let mut bytes = Vec::new();
    client.get_bytes(&Path::new("/v1/points.csv"), &mut bytes)?;
    fs::write(path, bytes).map_err(|cause| Failure::file(path, &cause))?;
    output.say(&format!("wrote `{}`", path.display()));
    Ok(())
}

fn import(client: &Client, output: &Output, path: &FilePath) -> Result<()> {
    let bytes = fs::read(path).map_err(|cause| Failure::file(path, &cause))?;
    let answer = client.post_bytes(&Path::new("/v1/points.csv"), &bytes, "text/csv")?;
    told(
        output,
        &answer,
        &format!("{} lines taken in", word(&answer["rows"])),
    );
    Ok(())
}

fn suggest(client: &Client, output: &Output) -> Result<()> {
    let answer = client.post(&Path::new("/v1/points/suggestions"), &json!({}))?;
    let said = format!(
        "{} suggestions are new or changed",
        word(&answer["changed"])
    );
    told(output, &answer, &said);
    Ok(())
}

/// `twin messages`.
pub(crate) fn messages(client: &Client, output: &Output, args: &Messages) -> Result<()> {
    let path = args.file.as_path();
    let bytes = fs::read(path).map_err(|cause| Failure::file(path, &cause))?;
    for portion in portions(&bytes) {
        let answer =
            client.post_bytes(&Path::new("/v1/messages"), &portion, "application/x-ndjson")?;
        let said = format!(
            "{} readings of known places, {} of unknown, {} new points",
            word(&answer["placed"]),
            word(&answer["unplaced"]),
            word(&answer["newPoints"]),
        );
        told(output, &answer, &said);
    }
    Ok(())
}

/// Whole lines that can be sent at a time; the first line of a table stands above each.
fn portions(bytes: &[u8]) -> Vec<Vec<u8>> {
    let is_table = !bytes.trim_ascii_start().starts_with(b"{");
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let head = if is_table {
        lines.next().unwrap_or_default()
    } else {
        &[]
    };
    let mut portions = vec![head.to_vec()];
    for line in lines {
        if portions
            .last()
            .is_some_and(|portion| portion.len() + line.len() > PORTION_BYTES)
        {
            portions.push(head.to_vec());
        }
        if let Some(portion) = portions.last_mut() {
            portion.extend_from_slice(line);
        }
    }
    portions
}

fn told(output: &Output, answer: &Value, said: &str) {
    if output.json {
        output.object(answer);
        return;
    }
    output.answer(said);
    for finding in answer["findings"].as_array().into_iter().flatten() {
        let (code, item) = (word(&finding["code"]), word(&finding["item"]));
        output.warn(&format!("{code} {item}: {}", word(&finding["message"])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_goes_in_whole_lines_under_its_head() {
        let row = format!("2026-01-05T07:00:00Z,{},1\n", "x".repeat(1000));
        let table = format!("time,point,value\n{}", row.repeat(10_000));
        let found = portions(table.as_bytes());
        assert_eq!(found.len(), 2);
        for portion in &found {
            assert!(portion.starts_with(b"time,point,value\n") && portion.ends_with(b",1\n"));
        }
        let rows: usize = found
            .iter()
            .map(|p| p.split(|&b| b == b'\n').count() - 2)
            .sum();
        assert_eq!(rows, 10_000);
        assert_eq!(portions(b"{}\n{}"), [b"{}\n{}".to_vec()]);
    }
}
