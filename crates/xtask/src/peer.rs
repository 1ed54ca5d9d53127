//! The program that imports are measured against: IfcOpenShell, in a Python
//! environment of its own outside the tree.

use crate::shell;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed, pinned so that figures can be compared between runs.
const PACKAGES: [&str; 3] = [
    "ifcopenshell==0.9.0.post1",
    "numpy==2.4.6",
    "shapely==2.2.0",
];

/// The Python that has the peer. It is installed on first use.
///
/// `TWIN_PEER_PYTHON` names another that has it already. The error names the one
/// command that would help.
pub(crate) fn python() -> Result<PathBuf> {
    if let Some(python) = std::env::var_os("TWIN_PEER_PYTHON") {
        return Ok(PathBuf::from(python));
    }
    let home = shell::cache_dir()?.join("peer");
    let python = home.join("bin/python");
    // The stamp is written last: half an installation is installed again.
    let stamp = home.join("installed");
    let wanted = PACKAGES.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    install(&home, &python).with_context(|| {
        let home = home.display();
        format!("the peer is missing: python3 -m venv {home} && {home}/bin/pip install {wanted}")
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

fn install(home: &Path, python: &Path) -> Result<()> {
    let Some(system) = shell::which_of(&["python3.12", "python3.11", "python3"]) else {
        bail!("there is no python3");
    };
    // Names found on PATH can be shims that refuse; the first that answers is taken.
    let system = [system, PathBuf::from("python3")]
        .into_iter()
        .find(|python| answers(python))
        .context("no python3 runs")?;
    if !python.exists() {
        shell::run(shell::program(system).args(["-m", "venv"]).arg(home))?;
    }
    let mut pip = shell::program(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(PACKAGES);
    shell::run(&mut pip)
}

fn answers(python: &Path) -> bool {
    Command::new(python)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}
