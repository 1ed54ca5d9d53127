//! `cargo xtask picture`: the picture of the page in the README, taken anew from the
//! page itself.

use crate::practice::{ACCOUNT, Practice};
use crate::{shell, web};
use anyhow::{Result, ensure};

const PICTURE: &str = "docs/images/page.png";
/// A picture that is looked at once should cost little in every clone.
const BYTES_MAX: u64 = 300_000;

/// Starts a node with a generated building, and takes the picture.
pub(crate) fn take() -> Result<()> {
    web::build()?;
    let chromium = web::chromium()?;
    let practice = Practice::begin(&shell::scratch("picture")?, None, false)?;
    let file = shell::root().join(PICTURE);
    let mut browser = shell::program("node");
    browser
        .current_dir(web::folder())
        .arg("test/browser/picture.mjs")
        .env("TWIN_CHROMIUM", chromium)
        .env("TWIN_URL", practice.url())
        .env("TWIN_USER", ACCOUNT)
        .env("TWIN_PASSWORD", &practice.password)
        .env("TWIN_PICTURE", &file);
    shell::run(&mut browser)?;
    let bytes = std::fs::metadata(&file)?.len();
    ensure!(bytes <= BYTES_MAX, "{PICTURE} has {bytes} bytes");
    eprintln!("{PICTURE}: {bytes} bytes");
    Ok(())
}
