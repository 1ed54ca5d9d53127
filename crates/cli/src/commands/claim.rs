//! `twin claim`: one statement, or a file of them.

use crate::args::Claim;
use crate::client::{Client, Path};
use crate::commands::read::now;
use crate::failure::{Code, Failure, Result};
use crate::lines::{self, Lines};
use crate::output::{Output, harmless};
use crate::progress::Progress;
use crate::text;
use serde_json::{Map, Value, json};
use twin_model::Catalogue;
use twin_model::catalogue::Form;

/// Lines and bytes of one request of a file: well under the 16 MiB that the
/// node takes, large enough that the commit and not the request costs.
const BATCH_LINES: usize = 5_000;
const BATCH_BYTES: usize = 4 << 20;

/// Checks what can be checked before a node is asked.
pub(crate) fn check(args: &Claim) -> Result<()> {
    match &args.file {
        Some(file) => lines::check(file),
        None => statement(args).map(drop),
    }
}

/// `twin claim`.
pub(crate) fn claim(client: &Client, output: &Output, args: &Claim) -> Result<()> {
    match &args.file {
        Some(file) => from_file(client, output, file),
        None => one(client, output, args),
    }
}

fn one(client: &Client, output: &Output, args: &Claim) -> Result<()> {
    let line = statement(args)?;
    let answer = client.post_lines(&claims_path(), format!("{line}\n").as_bytes())?;
    if let Some(refusal) = answer["refused"].as_array().and_then(|all| all.first()) {
        let mut refusal = refusal.clone();
        // There is one line and it was never a file.
        if let Some(object) = refusal.as_object_mut() {
            object.remove("line");
        }
        return Err(Failure::from_answer(200, &refusal));
    }
    if output.json {
        output.object(&answer);
    } else {
        output.say(&format!("recorded in commit {}", answer["commit"]));
    }
    Ok(())
}

fn claims_path() -> Path {
    Path::new("/v1/claims")
}

/// The claim of the command line in its wire form.
pub(crate) fn statement(args: &Claim) -> Result<Value> {
    let (Some(entity), Some(attribute)) = (&args.entity, &args.attribute) else {
        return Err(Failure::new(
            Code::Value,
            "a claim needs a twin and an attribute",
        ));
    };
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("entity", json!(entity.as_str()));
    put("attribute", json!(attribute.as_str()));
    put(
        "observed",
        json!(args.observed.unwrap_or_else(now).to_string()),
    );
    if let Some(text) = &args.value {
        put("value", value(attribute.as_str(), text)?);
    } else if let Some(reason) = &args.unknown {
        put("unknown", json!(reason));
    } else if args.absent {
        put("absent", json!(true));
    } else if args.not_applicable {
        put("notApplicable", json!(true));
    } else {
        put("retract", json!(true));
    }
    if let Some(sd) = args.sd {
        put("uncertainty", json!({ "sd": sd }));
    } else if let Some(probability) = args.probability {
        put("uncertainty", json!({ "probability": probability }));
    }
    let texts = [
        ("unit", args.unit.clone()),
        ("source", args.source.as_ref().map(ToString::to_string)),
        ("procedure", args.procedure.clone()),
        ("validFrom", args.valid_from.map(|time| time.to_string())),
        ("validUntil", args.valid_until.map(|time| time.to_string())),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            put(key, json!(text));
        }
    }
    Ok(Value::Object(line))
}

/// The typed text in the form that the catalogue wants for the attribute.
fn value(attribute: &str, text: &str) -> Result<Value> {
    let form = Catalogue::BUILT_IN
        .get(attribute)
        .map_or(Form::Any, |spec| spec.form);
    let read = serde_json::from_str::<Value>(text).ok();
    let typed = match form {
        Form::Text => Some(json!(text)),
        Form::Any => Some(read.unwrap_or_else(|| json!(text))),
        Form::Boolean => boolean(text).map(Value::Bool),
        Form::Number => read.filter(Value::is_number),
        Form::Entity => Some(json!({ "entity": text }))
            .filter(|_| !text.starts_with('{'))
            .or(read),
        Form::Entities => Some(read.unwrap_or_else(
            || json!({ "entities": text.split(',').map(str::trim).collect::<Vec<_>>() }),
        )),
        Form::Point | Form::Line | Form::Polygon => read.filter(Value::is_object),
    };
    typed.ok_or_else(|| {
        let expected = match form {
            Form::Boolean => "true or false",
            Form::Number => "a number",
            Form::Point => "{\"point\": [x, y, z]}",
            Form::Line => "{\"line\": [[x, y], …]}",
            _ => "{\"polygon\": [[[x, y], …]]}",
        };
        let message = format!("`{}` is no value of `{attribute}`", harmless(text));
        Failure::new(Code::Value, message).help(format!("write {expected}"))
    })
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// What came of a file of claims.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Claims recorded.
    pub(crate) accepted: u64,
    /// Lines refused.
    pub(crate) refused: u64,
    /// The last commit.
    pub(crate) commit: u64,
}

impl Tally {
    /// Sends lines and lists those refused; `first_line` is the number of the first in its file.
    pub(crate) fn send(
        &mut self,
        client: &Client,
        output: &Output,
        lines: &[u8],
        first_line: u64,
    ) -> Result<()> {
        let answer = client.post_lines(&claims_path(), lines)?;
        self.accepted += answer["accepted"].as_u64().unwrap_or(0);
        self.commit = answer["commit"].as_u64().unwrap_or(self.commit);
        for refusal in answer["refused"].as_array().into_iter().flatten() {
            self.refused += 1;
            let mut refusal = refusal.clone();
            let line = refusal["line"].as_u64().unwrap_or(1) + first_line - 1;
            refusal["line"] = json!(line);
            if output.json {
                output.object(&json!({ "refused": refusal }));
            } else {
                let words = |key: &str| harmless(refusal[key].as_str().unwrap_or("?"));
                output.warn(&format!(
                    "line {line}: {} ({})",
                    words("message"),
                    words("code")
                ));
            }
        }
        Ok(())
    }

    /// Says how it ended; a refused line makes the command fail.
    pub(crate) fn close(&self, output: &Output) -> Result<()> {
        let Self {
            accepted,
            refused,
            commit,
        } = self;
        if output.json {
            output.object(&json!({ "accepted": accepted, "refused": refused, "commit": commit }));
        } else {
            output.say(&format!(
                "{} recorded, commit {commit}",
                text::count(*accepted, "claim")
            ));
        }
        if *refused == 0 {
            return Ok(());
        }
        let total = accepted + refused;
        Err(Failure::new(
            Code::ClaimsRefused,
            format!("{refused} of {total} claims were refused"),
        )
        .help("the others are recorded; correct the refused lines and send them again"))
    }
}

fn from_file(client: &Client, output: &Output, file: &std::path::Path) -> Result<()> {
    let mut lines = Lines::open(file)?;
    let mut progress = Progress::new(output, &file.display().to_string());
    let mut tally = Tally::default();
    let mut batch = Vec::new();
    loop {
        let first_line = lines.number + 1;
        batch.clear();
        let room = |count: usize, batch: &[u8]| count < BATCH_LINES && batch.len() < BATCH_BYTES;
        let mut count = 0;
        // What a slow pipe has said is sent before more is waited for.
        while room(count, &batch) && (count == 0 || lines.ready()) && lines.append(&mut batch)? {
            count += 1;
        }
        if count == 0 {
            break;
        }
        tally.send(client, output, &batch, first_line)?;
        progress.at(lines.share(), &format!("{} claims", tally.accepted));
    }
    drop(progress);
    tally.close(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Arguments, Command};
    use clap::Parser;
    use expect_test::{Expect, expect};

    fn check(words: &str, expected: &Expect) {
        let words = words.split(' ').map(|word| word.replace('_', " "));
        let all = ["twin", "claim", "urn:a"]
            .map(str::to_owned)
            .into_iter()
            .chain(words);
        let all = all.chain(["--observed".to_owned(), "2026-01-05T08:00:00Z".to_owned()]);
        let Command::Claim(args) = Arguments::try_parse_from(all).unwrap().command else {
            panic!("not a claim");
        };
        let text = match statement(&args) {
            Ok(mut line) => {
                let object = line.as_object_mut().unwrap();
                object.remove("entity");
                object.remove("observed");
                line.to_string()
            }
            Err(failure) => format!("{failure}; {}", failure.help.clone().unwrap_or_default()),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn the_catalogue_decides_the_form() {
        check(
            "temperature -3.5 --unit Cel --sd 0.3",
            &expect![[
                r#"{"attribute":"temperature","uncertainty":{"sd":0.3},"unit":"Cel","value":-3.5}"#
            ]],
        );
        check(
            "name 12",
            &expect![[r#"{"attribute":"name","value":"12"}"#]],
        );
        check(
            "smoke yes --probability 0.9",
            &expect![[r#"{"attribute":"smoke","uncertainty":{"probability":0.9},"value":true}"#]],
        );
        check(
            "partOf urn:b",
            &expect![[r#"{"attribute":"partOf","value":{"entity":"urn:b"}}"#]],
        );
        check(
            "connects urn:b,urn:c",
            &expect![[r#"{"attribute":"connects","value":{"entities":["urn:b","urn:c"]}}"#]],
        );
        check(
            "colour deep_red",
            &expect![[r#"{"attribute":"colour","value":"deep red"}"#]],
        );
        check(
            "colour [1,2]",
            &expect![[r#"{"attribute":"colour","value":[1,2]}"#]],
        );
        check(
            "temperature warm",
            &expect!["`warm` is no value of `temperature` (CLI-016); write a number"],
        );
        check(
            "temperature NaN",
            &expect!["`NaN` is no value of `temperature` (CLI-016); write a number"],
        );
        check(
            "smoke maybe",
            &expect!["`maybe` is no value of `smoke` (CLI-016); write true or false"],
        );
    }

    #[test]
    fn what_is_not_a_value_has_its_own_word() {
        check(
            "fireRating --absent",
            &expect![[r#"{"absent":true,"attribute":"fireRating"}"#]],
        );
        check(
            "fireRating --not-applicable",
            &expect![[r#"{"attribute":"fireRating","notApplicable":true}"#]],
        );
        check(
            "fireRating --unknown painted_over --source urn:s",
            &expect![[r#"{"attribute":"fireRating","source":"urn:s","unknown":"painted over"}"#]],
        );
        check(
            "fireRating --retract --procedure by_eye",
            &expect![[r#"{"attribute":"fireRating","procedure":"by eye","retract":true}"#]],
        );
    }
}
