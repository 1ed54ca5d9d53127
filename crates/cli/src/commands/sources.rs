//! How sources do, and setting them aside.

use crate::args::{Calibration, Health, Quarantine};
use crate::client::{Client, Path};
use crate::commands::read::{section, word};
use crate::failure::Result;
use crate::output::{Output, Paint, harmless};
use crate::text;
use serde_json::{Value, json};

/// `twin health`.
pub(crate) fn health(client: &Client, output: &Output, args: &Health) -> Result<()> {
    let path = Path::new("/v1/health/sources")
        .query_if("entity", args.entity.as_ref())
        .query_if("attribute", args.attribute.as_ref())
        .query_if("state", args.state.as_ref());
    let (mut rows, mut count, mut doubtful) = (Vec::new(), 0_u64, 0_u64);
    client.each(&path, "items", |line| {
        count += 1;
        doubtful += u64::from(line["state"] != "ok");
        if output.json {
            output.object(line);
        } else {
            rows.push(health_row(output, line));
        }
        Ok(())
    })?;
    let head = [
        "state",
        "since",
        "doubt",
        "bias",
        "scatter",
        "readings",
        "source",
        "attribute",
        "twin",
    ];
    section(output, "Sources", &head, rows.into_iter());
    output.say(&format!(
        "{}, {doubtful} in doubt",
        text::count(count, "source")
    ));
    Ok(())
}

fn health_row(output: &Output, line: &Value) -> Vec<String> {
    let mut row = states(output, line);
    row.extend(["source", "attribute", "entity"].map(|key| word(&line[key])));
    row
}

/// The columns that say what is thought of a source.
fn states(output: &Output, health: &Value) -> Vec<String> {
    let state = word(&health["state"]);
    let state = match state.as_str() {
        "ok" | "-" => state,
        doubtful => output.paint(Paint::Yellow, doubtful),
    };
    let number = |key: &str| number(&health[key]);
    vec![
        state,
        word(&health["since"]),
        number("doubt"),
        number("bias"),
        number("noiseRatio"),
        word(&health["readings"]),
    ]
}

/// The sources of an estimate, weightiest first.
pub(crate) fn of_estimate(output: &Output, sources: &Value) {
    let rows = sources.as_array().into_iter().flatten().map(|one| {
        let weight = one["weight"]
            .as_f64()
            .map_or("?".to_owned(), |weight| text::number(weight, 3));
        let mut row = vec![weight];
        row.extend(states(output, &one["health"]));
        let aside = if one["quarantined"] == true {
            " (set aside)"
        } else {
            ""
        };
        row.push(format!("{}{aside}", word(&one["source"])));
        row
    });
    let head = [
        "weight", "state", "since", "doubt", "bias", "scatter", "readings", "source",
    ];
    section(output, "Its sources", &head, rows);
}

/// `twin calibration`.
pub(crate) fn calibration(client: &Client, output: &Output, args: &Calibration) -> Result<()> {
    let path = Path::new("/v1/calibration");
    let answer = client.get(&path)?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    let classes = answer["classes"].as_array().into_iter().flatten();
    let head = [
        "attribute",
        "compared",
        "in 50 %",
        "in 90 %",
        "wider by",
        "verdict",
        "validated on",
    ];
    let rows = classes.map(|class| {
        vec![
            word(&class["attribute"]),
            word(&class["n"]),
            percent(&class["coverage50"]),
            percent(&class["coverage90"]),
            number(&class["widening"]),
            verdict(output, &class["verdict"]),
            class["validatedOn"]
                .as_str()
                .map_or("nothing".to_owned(), harmless),
        ]
    });
    section(output, "Do intervals hold what they promise", &head, rows);
    if args.sources {
        marks(client, output, &path)?;
    }
    Ok(())
}

fn marks(client: &Client, output: &Output, path: &Path) -> Result<()> {
    let mut rows = Vec::new();
    client.each(path, "sources", |mark| {
        rows.push(vec![
            word(&mark["attribute"]),
            word(&mark["n"]),
            percent(&mark["coverage90"]),
            percent(&mark["below"]),
            percent(&mark["hit"]),
            percent(&mark["falseAlarm"]),
            word(&mark["source"]),
        ]);
        Ok(())
    })?;
    let head = [
        "attribute",
        "compared",
        "in 90 %",
        "below",
        "hit",
        "false alarm",
        "source",
    ];
    section(output, "By source", &head, rows.into_iter());
    Ok(())
}

fn verdict(output: &Output, verdict: &Value) -> String {
    match verdict.as_str() {
        Some("tooSure") => output.paint(Paint::Red, "too sure"),
        Some("tooUnsure") => output.paint(Paint::Yellow, "too unsure"),
        Some("tooFew") => output.paint(Paint::Faint, "too few"),
        _ => word(verdict),
    }
}

fn percent(share: &Value) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    share.as_f64().map_or("-".to_owned(), percent)
}

fn number(value: &Value) -> String {
    let number = value.as_f64();
    number.map_or("-".to_owned(), |number| text::number(number, 3))
}

/// `twin quarantine`.
pub(crate) fn quarantine(client: &Client, output: &Output, args: &Quarantine) -> Result<()> {
    let path = Path::new("/v1/quarantine");
    let Some(source) = &args.source else {
        return list(client, output, &path);
    };
    let answer = match &args.reason {
        Some(reason) => {
            let body = json!({ "source": source.as_str(), "reason": reason });
            client.post(&path, &body)?
        }
        None => client.delete(&path.part(source.as_str()))?,
    };
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    let deed = if args.release {
        "is released"
    } else {
        "is set aside"
    };
    output.say(&format!(
        "{} {deed}; estimates are being worked out afresh",
        harmless(source.as_str())
    ));
    Ok(())
}

fn list(client: &Client, output: &Output, path: &Path) -> Result<()> {
    let answer = client.get(path)?;
    let records = answer["items"].as_array().cloned().unwrap_or_default();
    if output.json {
        output.objects(&records);
        return Ok(());
    }
    let rows = records.iter().map(|record| {
        ["since", "released", "by", "source", "reason"]
            .map(|key| word(&record[key]))
            .into()
    });
    let head = ["since", "released", "by", "source", "reason"];
    section(output, "Sources set aside", &head, rows);
    if records.is_empty() {
        output.say("no source is set aside");
    }
    Ok(())
}
