//! Messages recorded to a file, to be played again.
//!
//! Either one JSON object a line, `{"topic": …, "payload": …, "time": …}`, or a table with the
//! columns `time`, `point` and `value`.

use super::payload::{time_of_number, time_of_text};
use serde_json::Value as Json;
use twin_model::{Code, Finding, Time};

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 256 * 1024;
/// Findings told one by one.
const FINDINGS_MAX: usize = 10_000;

/// A message as a broker delivered it, or a row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Topic, or name of the point.
    pub topic: String,
    /// What was sent.
    pub payload: Vec<u8>,
    /// When it was received.
    pub time: Option<Time>,
    /// Whether the broker had kept it for whoever comes later: it was said at some time before
    /// it was received, nobody knows when.
    pub is_retained: bool,
}

/// Reads recorded messages in the order of the file. Takes any bytes.
pub fn read_messages(bytes: &[u8]) -> (Vec<Recorded>, Vec<Finding>) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut findings = Vec::new();
    let messages = if text.trim_start().starts_with('{') {
        lines(text, &mut findings)
    } else {
        table(text, &mut findings)
    };
    let rest = findings.len().saturating_sub(FINDINGS_MAX);
    findings.truncate(FINDINGS_MAX);
    if rest > 0 {
        let message = format!("{rest} more lines cannot be read");
        findings.push(Finding::new(Code::PointMessage, message));
    }
    (messages, findings)
}

fn lines(text: &str, findings: &mut Vec<Finding>) -> Vec<Recorded> {
    let mut messages = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match line_of_json(line) {
            Ok(message) => messages.push(message),
            Err(message) => {
                findings.push(Finding::new(Code::PointMessage, message).at_line(number));
            }
        }
    }
    messages
}

fn line_of_json(line: &str) -> Result<Recorded, String> {
    if line.len() > LINE_BYTES_MAX {
        return Err(format!("the line has more than {LINE_BYTES_MAX} bytes"));
    }
    let json: Json = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    let member = |names: [&str; 2]| names.iter().find_map(|name| json.get(name));
    let topic = member(["topic", "point"]).and_then(Json::as_str);
    let topic = topic
        .filter(|t| !t.is_empty())
        .ok_or("there is no `topic`")?;
    let payload = member(["payload", "value"]).ok_or("there is no `payload`")?;
    let time = match member(["time", "ts"]) {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(time_of_text(text)),
        Some(other) => Some(other.as_f64().and_then(time_of_number)),
    };
    let time = match time {
        Some(None) => {
            return Err("`time` is no time with a zone, nor seconds since 1970".to_owned());
        }
        Some(time) => time,
        None => None,
    };
    Ok(Recorded {
        topic: topic.to_owned(),
        payload: match payload {
            Json::String(text) => text.as_bytes().to_vec(),
            other => other.to_string().into_bytes(),
        },
        time,
        is_retained: json.get("retained") == Some(&Json::Bool(true)),
    })
}

fn table(text: &str, findings: &mut Vec<Finding>) -> Vec<Recorded> {
    let mut columns = [0, 1, 2];
    let mut messages = Vec::new();
    for (at, (line, record)) in super::table::records(text).enumerate() {
        if at == 0
            && let Some(named) = header(&record)
        {
            columns = named;
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |column: usize| record.get(columns[column]).map_or("", |c| c.trim());
        let message = match (time_of_text(cell(0)), cell(1), cell(2)) {
            (None, ..) if !cell(0).is_empty() => {
                "the time has no zone, nor is it seconds since 1970"
            }
            (_, "", _) => "the point has no name",
            (_, _, "") => "there is no value",
            (time, point, value) => {
                messages.push(Recorded {
                    topic: point.to_owned(),
                    payload: value.as_bytes().to_vec(),
                    time,
                    is_retained: false,
                });
                continue;
            }
        };
        findings.push(Finding::new(Code::PointMessage, message).at_line(line));
    }
    messages
}

/// Where time, point and value stand, if the first line names them.
fn header(record: &[String]) -> Option<[usize; 3]> {
    let column = |names: &[&str]| {
        record
            .iter()
            .position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))
    };
    let point = column(&["point", "topic", "name"])?;
    let value = column(&["value", "payload"])?;
    let time = column(&["time", "timestamp", "ts"]).unwrap_or(usize::MAX);
    Some([time, point, value])
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(file: &str, expected: &Expect) {
        use std::fmt::Write;
        let (messages, findings) = read_messages(file.as_bytes());
        let mut shown = String::new();
        for m in &messages {
            let time = m.time.map_or("·".to_owned(), |t| t.to_string());
            let _ = writeln!(
                shown,
                "{time} {} {}",
                m.topic,
                String::from_utf8_lossy(&m.payload)
            );
        }
        for f in &findings {
            let line = f.location.line.unwrap_or(0);
            let _ = writeln!(shown, "{} line {line}: {}", f.code.as_str(), f.message);
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn lines_and_tables() {
        check(
            "{\"topic\":\"a/b\",\"payload\":\"21.4\",\"time\":\"2026-01-05T09:00:00Z\"}\n\n{\"topic\":\"c\",\"payload\":{\"v\":1}}\n{\"topic\":\"c\"}\n{\"payload\":1}\nx\n",
            &expect![[r#"
                2026-01-05T09:00:00.000000Z a/b 21.4
                · c {"v":1}
                PNT-001 line 4: there is no `payload`
                PNT-001 line 5: there is no `topic`
                PNT-001 line 6: no JSON: expected value at line 1 column 1
            "#]],
        );
        check(
            "time,point,value\n2026-01-05T09:00:00Z,A.T,21.4\n1767603600,A.T,21.5\n09:00,A.T,21.6\n,A.T,\n",
            &expect![[r"
                2026-01-05T09:00:00.000000Z A.T 21.4
                2026-01-05T09:00:00.000000Z A.T 21.5
                PNT-001 line 4: the time has no zone, nor is it seconds since 1970
                PNT-001 line 5: there is no value
            "]],
        );
        check(
            "2026-01-05T09:00:00Z;A.T;21,4\n",
            &expect![[r"
            2026-01-05T09:00:00.000000Z A.T 21,4
        "]],
        );
    }
}
