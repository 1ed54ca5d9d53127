//! `cargo xtask test`: everything that must hold.

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
    shell::run(tests.args(["test", "--workspace", "--locked", "--quiet"]))
}
