//! `twin what-if`: what would be believed if something were so.

use crate::args::WhatIf;
use crate::client::{Client, Path};
use crate::commands::claim;
use crate::commands::read::{section, word};
use crate::failure::{Code, Failure, Result};
use crate::lines::Lines;
use crate::output::Output;
use crate::text;
use serde_json::{Value, json};

/// Most claims of one supposition; the node takes no more.
const CLAIMS_MAX: usize = 100;

/// `twin what-if`.
pub(crate) fn what_if(client: &Client, output: &Output, args: &WhatIf) -> Result<()> {
    let claims = match &args.claim.file {
        Some(file) => from_file(file)?,
        None => vec![claim::statement(&args.claim)?],
    };
    let mut body = json!({ "claims": claims });
    if let (Some(entity), Some(attribute)) = (&args.ask, &args.about) {
        body["ask"] = json!([{ "entity": entity.as_str(), "attribute": attribute.as_str() }]);
    }
    if let Some(at) = args.at {
        body["at"] = json!(at.to_string());
    }
    let answer = client.post(&Path::new("/v1/hypothetical"), &body)?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    let estimates = answer["estimates"].as_array().into_iter().flatten();
    let rows = estimates.map(|one| {
        let shown = |estimate: &Value| match estimate {
            Value::Null => "-".to_owned(),
            estimate => text::attribute(output, estimate),
        };
        vec![
            word(&one["attribute"]),
            shown(&one["now"]),
            shown(&one["supposed"]),
            word(&one["entity"]),
        ]
    });
    let head = ["attribute", "believed", "would be", "twin"];
    section(output, "If it were so", &head, rows);
    Ok(())
}

fn from_file(file: &std::path::Path) -> Result<Vec<Value>> {
    let (mut lines, mut line, mut claims) = (Lines::open(file)?, Vec::new(), Vec::new());
    while lines.append(&mut line)? {
        if !line.trim_ascii().is_empty() {
            let number = lines.number;
            claims.push(serde_json::from_slice(&line).map_err(|error| {
                let message = format!("line {number} is not JSON: {error}");
                Failure::new(Code::Value, message)
            })?);
        }
        if claims.len() > CLAIMS_MAX {
            let message = format!("at most {CLAIMS_MAX} claims can be supposed at a time");
            return Err(Failure::new(Code::Value, message));
        }
        line.clear();
    }
    Ok(claims)
}
