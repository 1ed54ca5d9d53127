//! The web application: its packages, its build and its tests.
//!
//! Built files go to `crates/ui/dist`, from where the crate `twin-ui` takes them
//! into the binary. Nothing is done again while its inputs are the same.

use crate::{report, shell};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Where the sources are.
pub(crate) fn folder() -> PathBuf {
    shell::root().join("crates/ui/web")
}

/// Installs the packages and builds the application, each only when needed.
pub(crate) fn build() -> Result<()> {
    install()?;
    let inputs = report::hash_files(&sources(&folder())?)?;
    let built = shell::root().join("crates/ui/dist/index.html");
    once("build", &inputs, built.exists(), || {
        shell::run(npm()?.args(["run", "build"]))
    })
}

/// Installs the packages that `package-lock.json` names.
pub(crate) fn install() -> Result<()> {
    let lock = report::hash_files(&[folder().join("package-lock.json")])?;
    let there = folder().join("node_modules").exists();
    once("packages", &lock, there, || {
        shell::run(npm()?.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
    })
}

/// The tests that need no browser.
pub(crate) fn test() -> Result<()> {
    shell::run(npm()?.arg("test"))
}

/// `npm`, to be run beside the sources.
pub(crate) fn npm() -> Result<std::process::Command> {
    let Some(npm) = shell::which("npm") else {
        bail!("`npm` is missing: install Node.js 20.19 or later");
    };
    let mut command = shell::program(npm);
    command.current_dir(folder());
    Ok(command)
}

/// The browser that the tests drive. Where it is missing and this is the
/// superuser of a Debian machine, it is installed.
pub(crate) fn chromium() -> Result<PathBuf> {
    const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
    if let Some(path) = std::env::var_os("TWIN_CHROMIUM") {
        return Ok(PathBuf::from(path));
    }
    if let Some(path) = shell::which_of(&NAMES) {
        return Ok(path);
    }
    let help = "Chromium is missing: apt-get install chromium, or set TWIN_CHROMIUM to its path";
    let superuser = shell::which("id")
        .and_then(|id| shell::capture(shell::program(id).arg("-u")).ok())
        .is_some_and(|id| id.trim() == "0");
    if !superuser || shell::which("apt-get").is_none() {
        bail!("{help}");
    }
    shell::run(shell::program("apt-get").args(["update", "-q"])).context(help)?;
    let mut install = shell::program("apt-get");
    install.args(["install", "-q", "-y", "--no-install-recommends", "chromium"]);
    shell::run(install.env("DEBIAN_FRONTEND", "noninteractive")).context(help)?;
    shell::which_of(&NAMES).context(help)
}

/// Does `work` unless it was done with the same inputs and its result is there.
fn once(step: &str, inputs: &str, there: bool, work: impl FnOnce() -> Result<()>) -> Result<()> {
    // Beside the packages: a fresh clone has neither, so it begins anew.
    let stamp = folder().join("node_modules").join(format!(".twin-{step}"));
    if there && std::fs::read_to_string(&stamp).is_ok_and(|done| done == inputs) {
        return Ok(());
    }
    work()?;
    std::fs::write(&stamp, inputs).with_context(|| format!("could not write `{}`", stamp.display()))
}

/// Every file that the build reads, in a fixed order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("could not read `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let skipped = ["node_modules", "dist", "test"]
                .iter()
                .any(|s| entry.file_name() == *s);
            if entry.file_type()?.is_dir() && !skipped {
                folders.push(entry.path());
            } else if entry.file_type()?.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_leave_out_what_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "src/a.ts",
            "node_modules/x/y.js",
            "test/a.mjs",
            "package.json",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = sources(folder.path()).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|p| p.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["package.json", "src/a.ts"]);
    }
}
