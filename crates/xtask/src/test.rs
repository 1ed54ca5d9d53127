//! `cargo xtask test`: everything that must hold.

use crate::practice::{ACCOUNT, Practice};
use crate::{shell, tidy, web};
use anyhow::Result;

/// Runs all tests, the cheap ones first; stops at the first kind that fails.
pub(crate) fn run() -> Result<()> {
    tidy::check()?;
    // Before the Rust tests, because the binary carries the built application.
    web::build()?;
    web::test()?;
    let mut tests = shell::cargo();
    // `--locked`: a manifest that does not match its lock file is a failure here.
    shell::run(tests.args(["test", "--workspace", "--locked", "--quiet"]))?;
    browser()
}

/// The page in a real browser, against a real node with a generated building.
fn browser() -> Result<()> {
    let chromium = web::chromium()?;
    let practice = Practice::begin(&shell::scratch("browser")?, None, false)?;
    let mut tests = web::npm()?;
    tests.args(["run", "--silent", "test:browser"]);
    tests
        .env("CHROMIUM", chromium)
        .env("TWIN_URL", practice.url());
    shell::run(
        tests
            .env("TWIN_USER", ACCOUNT)
            .env("TWIN_PASSWORD", &practice.password),
    )
}
