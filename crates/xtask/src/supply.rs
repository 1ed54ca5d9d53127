//! What we build upon: its licences, where it comes from, what is known against it.

use crate::{shell, web};
use anyhow::{Context, Result};
use std::process::Command;

/// The version of the checker; a newer one may judge differently.
const CARGO_DENY: &str = "0.20.2";

/// Fails on a licence that `deny.toml` does not allow, on an origin other than
/// the public registry, and on a known vulnerability. Where the databases of
/// vulnerabilities cannot be reached, that part is said to be not measured.
pub(crate) fn check() -> Result<()> {
    let deny = cargo_deny()?;
    let mut licences = shell::program(&deny);
    licences.args([
        "--log-level",
        "error",
        "--locked",
        "check",
        "bans",
        "licenses",
        "sources",
    ]);
    shell::run(&mut licences)?;
    advisories(
        shell::program(&deny).args(["--locked", "check", "advisories"]),
        "Rust",
        |text| text.contains("failed to fetch advisory database"),
    )?;
    web::install()?;
    advisories(
        web::npm()?.args(["audit", "--audit-level=moderate"]),
        "web",
        |text| text.contains("audit endpoint returned an error") || text.contains("ENOTFOUND"),
    )
}

/// Runs a check of advisories, and tells "found some" from "could not ask".
fn advisories(command: &mut Command, of: &str, unreachable: fn(&str) -> bool) -> Result<()> {
    let spelled = shell::spelled(command);
    eprintln!("$ {spelled}");
    let output = command.stdin(std::process::Stdio::null()).output();
    let output = output.with_context(|| format!("could not start `{spelled}`"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    if output.status.success() {
        eprintln!("advisories ({of}): none");
    } else if unreachable(&text) {
        eprintln!("advisories ({of}): not measured (database unreachable)");
    } else {
        anyhow::bail!("advisories ({of}):\n{}", shell::tail(&text, 4000));
    }
    Ok(())
}

/// The checker, built outside the tree on first use.
fn cargo_deny() -> Result<std::path::PathBuf> {
    let home = shell::cache_dir()?.join(format!("cargo-deny-{CARGO_DENY}"));
    let binary = home.join("bin/cargo-deny");
    if !binary.exists() {
        let mut install = shell::cargo();
        install
            .args(["install", "--locked", "--quiet", "--root"])
            .arg(&home);
        install.args(["cargo-deny", "--version", CARGO_DENY]);
        // Its own build, so not among the artefacts of ours.
        shell::run(install.env_remove("CARGO_TARGET_DIR"))
            .context("install it with `cargo install --locked cargo-deny`")?;
    }
    Ok(binary)
}
