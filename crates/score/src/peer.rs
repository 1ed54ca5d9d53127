//! The peer: a Kalman filter of filterpy on the same readings and questions.

use crate::compare::{Answers, Case, Event};
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer/kalman.py");

/// Mean and spread for every question of every case, in order. `of_readings`: the questions
/// are about what a sensor will say rather than about what is so.
pub(crate) fn kalman(python: &Path, cases: &[Case], of_readings: bool) -> Result<Vec<Answers>> {
    let mut peer = Command::new(python)
        .arg(SCRIPT)
        .args(of_readings.then_some("--readings"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` does not start", python.display()))?;
    let mut into = peer.stdin.take().context("the peer has no input")?;
    into.write_all(told(cases).as_bytes())?;
    drop(into);
    let output = peer.wait_with_output()?;
    ensure!(
        output.status.success(),
        "the peer failed ({})",
        output.status
    );
    let answers: Vec<Answers> =
        serde_json::from_slice(&output.stdout).context("the peer's answer is no JSON")?;
    ensure!(
        answers.len() == cases.len(),
        "the peer answered for {} cases",
        answers.len()
    );
    Ok(answers)
}

/// All readings and questions in order of time, one a line.
fn told(cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        text.push_str("case\n");
        for event in case.in_order() {
            let _ = match event {
                Event::Heard(heard) => {
                    writeln!(
                        text,
                        "r {} {} {}",
                        heard.at_s,
                        heard.value,
                        heard.sd.unwrap_or(-1.0)
                    )
                }
                Event::Asked(at_s) => writeln!(text, "q {at_s}"),
            };
        }
    }
    text
}
