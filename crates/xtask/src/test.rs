//! `cargo xtask test`: everything that must hold.

use crate::demo::{Building, Four, Size};
use crate::practice::{ACCOUNT, Practice};
use crate::{demo, shell, tidy, web};
use anyhow::Result;
use std::time::Duration;

/// How long the demonstration may go on without an estimate that changes.
const DEMO_PATIENCE: Duration = Duration::from_mins(2);

/// A low tower in a hamlet: every claim about them is compared one by one, by programs built
/// for debugging.
const DEMO_SIZE: Size = Size {
    storeys: 6,
    buildings: 30,
    street_edges: 100,
};

/// Runs all tests, the cheap ones first; stops at the first kind that fails.
pub(crate) fn run() -> Result<()> {
    tidy::check()?;
    // Before the Rust tests, because the binary carries the built application.
    web::build()?;
    web::test()?;
    let mut tests = shell::cargo();
    // `--locked`: a manifest that does not match its lock file is a failure here.
    shell::run(tests.args(["test", "--workspace", "--locked", "--quiet"]))?;
    browser()?;
    // A building of its own: the browser has claimed things about the other.
    let building = Building::Tower(DEMO_SIZE);
    let four = Four::begin(&shell::scratch("demo-check")?, building, false)?;
    demo::check(four, DEMO_PATIENCE)
}

/// The page in a real browser, against a real node with a generated building.
fn browser() -> Result<()> {
    let chromium = web::chromium()?;
    let practice = Practice::begin(&shell::scratch("browser")?, None, false)?;
    let mut tests = web::npm()?;
    tests.args(["run", "--silent", "test:browser"]);
    tests
        .env("TWIN_CHROMIUM", chromium)
        .env("TWIN_URL", practice.url());
    shell::run(
        tests
            .env("TWIN_USER", ACCOUNT)
            .env("TWIN_PASSWORD", &practice.password),
    )
}
