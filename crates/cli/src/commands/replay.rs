//! `twin replay`: a recorded file of claims, at the pace at which they once arrived.

use crate::args::{Replay, Speed};
use crate::client::Client;
use crate::commands::claim::Tally;
use crate::commands::read::now;
use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use crate::lines::{self, Lines};
use crate::output::Output;
use crate::progress::Progress;
use crate::text;
use serde_json::Value;
use std::time::Duration;
use twin_model::Time;

/// Claims due within this time of each other travel in one request.
const TOGETHER_US: i64 = 50_000;
/// Lines of one request at most.
const BATCH_LINES: usize = 5_000;
/// Longest sleep before looking whether Ctrl-C came.
const NAP: Duration = Duration::from_millis(100);

/// Checks what can be checked before a node is asked.
pub(crate) fn check(args: &Replay) -> Result<()> {
    if args.as_live && args.speed == Speed::Max {
        return Err(
            Failure::new(Code::Value, "--as-live needs a pace, and `max` has none")
                .help("give --speed a number"),
        );
    }
    lines::check(&args.file)
}

/// `twin replay`.
pub(crate) fn replay(client: &Client, output: &Output, args: &Replay) -> Result<()> {
    let mut lines = Lines::open(&args.file)?;
    let mut progress = Progress::new(output, &args.file.display().to_string());
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    let mut pace: Option<Pace> = None;
    let mut text = Vec::new();
    loop {
        text.clear();
        if !lines.append(&mut text)? {
            break;
        }
        let Some(mut claim) = read(&text, lines.number)? else {
            continue;
        };
        let arrives = arrival(&claim, lines.number)?;
        let pace = pace.get_or_insert_with(|| Pace {
            first: arrives,
            begun: now(),
            speed: args.speed,
        });
        let due = pace.moved(arrives);
        if !batch.takes(due, lines.number) {
            batch.send(client, output, &mut tally)?;
            let since = arrives.seconds_since(pace.first);
            progress.at(
                lines.share(),
                &format!("{} in, {} claims", text::duration(since), tally.accepted),
            );
        }
        wait_until(due)?;
        if args.as_live {
            pace.make_live(&mut claim);
        }
        batch.push(&claim, due, lines.number);
    }
    batch.send(client, output, &mut tally)?;
    drop(progress);
    tally.close(output)
}

/// One line as an object; `None` for an empty line.
fn read(text: &[u8], line: u64) -> Result<Option<Value>> {
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(claim) if claim.is_object() => Ok(Some(claim)),
        Ok(_) => Err(bad_line(line, "is not a JSON object")),
        Err(cause) => Err(bad_line(line, &format!("is not JSON: {cause}"))),
    }
}

fn arrival(claim: &Value, line: u64) -> Result<Time> {
    let text = claim["arrives"]
        .as_str()
        .ok_or_else(|| bad_line(line, "has no `arrives`"))?;
    Time::parse(text).ok_or_else(|| bad_line(line, "has an `arrives` that is not RFC 3339"))
}

fn bad_line(line: u64, what: &str) -> Failure {
    Failure::new(Code::Replay, format!("line {line} {what}"))
        .help("files without `arrives` are sent with `twin claim --file`")
}

/// Maps the time of the file to the time of the replay.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Arrival of the first line.
    first: Time,
    /// When the replay began.
    begun: Time,
    speed: Speed,
}

impl Pace {
    /// A time of the file as a time of the replay. Without waiting, all is due at once.
    fn moved(&self, time: Time) -> Time {
        match self.speed {
            Speed::Max => self.begun,
            Speed::Times(times) => self
                .begun
                .plus_seconds(time.seconds_since(self.first) / times),
        }
    }

    fn make_live(&self, claim: &mut Value) {
        for key in ["observed", "arrives", "validFrom", "validUntil"] {
            if let Some(time) = claim[key].as_str().and_then(Time::parse) {
                claim[key] = Value::String(self.moved(time).to_string());
            }
        }
    }
}

fn wait_until(due: Time) -> Result<()> {
    loop {
        if interrupt::interrupted() {
            return Err(Failure::interrupted("the replay").help("claims already sent are recorded"));
        }
        let left_us = due.0 - now().0;
        let Ok(left) = u64::try_from(left_us) else {
            return Ok(());
        };
        std::thread::sleep(Duration::from_micros(left).min(NAP));
    }
}

/// Lines that travel together.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    count: usize,
    first_line: u64,
    next_line: u64,
    due: Option<Time>,
}

impl Batch {
    /// Whether a line can join. Line numbers must follow on each other, so that a
    /// refused line is named by its number in the file.
    fn takes(&self, due: Time, line: u64) -> bool {
        self.count == 0
            || (self.count < BATCH_LINES
                && self.next_line == line
                && self.due.is_some_and(|first| due.0 - first.0 < TOGETHER_US))
    }

    fn push(&mut self, claim: &Value, due: Time, line: u64) {
        if self.count == 0 {
            self.first_line = line;
            self.due = Some(due);
        }
        self.bytes.extend_from_slice(claim.to_string().as_bytes());
        self.bytes.push(b'\n');
        self.count += 1;
        self.next_line = line + 1;
    }

    fn send(&mut self, client: &Client, output: &Output, tally: &mut Tally) -> Result<()> {
        if self.count > 0 {
            tally.send(client, output, &self.bytes, self.first_line)?;
        }
        *self = Self::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn distances_shrink_with_the_speed() {
        let first = time("2026-01-05T08:00:00Z");
        let begun = time("2026-03-01T12:00:00Z");
        let later = time("2026-01-05T08:01:00Z");
        for (speed, expected) in [
            (Speed::Times(1.0), "2026-03-01T12:01:00Z"),
            (Speed::Times(60.0), "2026-03-01T12:00:01Z"),
            (Speed::Max, "2026-03-01T12:00:00Z"),
        ] {
            assert_eq!(
                Pace {
                    first,
                    begun,
                    speed
                }
                .moved(later),
                time(expected)
            );
        }
    }

    #[test]
    fn claims_become_live_and_repeats_stay_repeats() {
        let pace = Pace {
            first: time("2026-01-05T08:00:01Z"),
            begun: time("2026-03-01T12:00:00Z"),
            speed: Speed::Times(2.0),
        };
        let claim = json!({ "value": 1, "observed": "2026-01-05T08:00:00Z",
            "arrives": "2026-01-05T08:00:03Z", "validFrom": null });
        let (mut one, mut again) = (claim.clone(), claim);
        pace.make_live(&mut one);
        pace.make_live(&mut again);
        assert_eq!(one["observed"], "2026-03-01T11:59:59.500000Z");
        assert_eq!(one["arrives"], "2026-03-01T12:00:01.000000Z");
        assert_eq!(one, again);
    }

    #[test]
    fn lines_that_cannot_be_replayed_are_named() {
        for (text, expected) in [
            ("{", "line 7 is not JSON"),
            ("[1]", "line 7 is not a JSON object"),
            ("{}", "line 7 has no `arrives`"),
            (
                r#"{"arrives":"soon"}"#,
                "line 7 has an `arrives` that is not RFC 3339",
            ),
        ] {
            let failure = read(text.as_bytes(), 7)
                .and_then(|claim| arrival(&claim.unwrap(), 7))
                .unwrap_err();
            assert!(failure.message.starts_with(expected), "{text}: {failure}");
            assert_eq!(failure.code, "CLI-013");
        }
        assert_eq!(read(b" \n", 1), Ok(None));
    }

    #[test]
    fn only_neighbours_travel_together() {
        let mut batch = Batch::default();
        assert!(batch.takes(Time(0), 9));
        batch.push(&json!({}), Time(0), 9);
        assert!(batch.takes(Time(TOGETHER_US - 1), 10));
        assert!(!batch.takes(Time(TOGETHER_US), 10));
        assert!(!batch.takes(Time(0), 11));
    }
}
