//! The programs that ours are measured against, each in a Python environment of its own
//! outside the tree: IfcOpenShell for imports, filterpy and Stone Soup for estimates, cjio,
//! osmium, PROJ and networkx for cities, Paho for messages, Zenoh for links.

use crate::shell;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One environment. Packages are pinned so that figures can be compared between runs.
struct Peer {
    folder: &'static str,
    /// Names a Python that has the packages already.
    variable: &'static str,
    packages: &'static [&'static str],
}

const IFC: Peer = Peer {
    folder: "peer",
    variable: "TWIN_PEER_PYTHON",
    packages: &[
        "ifcopenshell==0.9.0.post1",
        "numpy==2.4.6",
        "shapely==2.2.0",
    ],
};

const FILTERS: Peer = Peer {
    folder: "filters",
    variable: "TWIN_FILTERS_PYTHON",
    packages: &["filterpy==2.0.0", "stonesoup==1.9.1"],
};

const CITY: Peer = Peer {
    folder: "city",
    variable: "TWIN_CITY_PYTHON",
    packages: &[
        "ifcopenshell==0.9.0.post1",
        "cjio==0.10.1",
        "networkx==3.6.1",
        "osmium==4.3.2",
        "pyproj==3.7.2",
        "shapely==2.2.0",
    ],
};

const PUBLISHER: Peer = Peer {
    folder: "publisher",
    variable: "TWIN_PUBLISHER_PYTHON",
    packages: &["paho-mqtt==2.2.0"],
};

const ZENOH: Peer = Peer {
    folder: "zenoh",
    variable: "TWIN_ZENOH_PYTHON",
    packages: &["eclipse-zenoh==1.10.2"],
};

/// The Python that has IfcOpenShell. It is installed on first use.
///
/// `TWIN_PEER_PYTHON` names another that has it already. The error names the one
/// command that would help.
pub(crate) fn python() -> Result<PathBuf> {
    IFC.python()
}

/// The Python that has filterpy and Stone Soup, likewise, or the one that
/// `TWIN_FILTERS_PYTHON` names.
pub(crate) fn filters() -> Result<PathBuf> {
    FILTERS.python()
}

/// The Python that has cjio, osmium, PROJ, networkx and IfcOpenShell, likewise, or the one that
/// `TWIN_CITY_PYTHON` names.
pub(crate) fn city() -> Result<PathBuf> {
    CITY.python()
}

/// The Python that has Paho, likewise, or the one that `TWIN_PUBLISHER_PYTHON` names.
pub(crate) fn publisher() -> Result<PathBuf> {
    PUBLISHER.python()
}

/// The Python that has Zenoh, likewise, or the one that `TWIN_ZENOH_PYTHON` names.
pub(crate) fn zenoh() -> Result<PathBuf> {
    ZENOH.python()
}

impl Peer {
    fn python(&self) -> Result<PathBuf> {
        if let Some(python) = std::env::var_os(self.variable) {
            return Ok(PathBuf::from(python));
        }
        let home = shell::cache_dir()?.join(self.folder);
        let python = home.join("bin/python");
        // The stamp is written last: half an installation is installed again.
        let stamp = home.join("installed");
        let wanted = self.packages.join(" ");
        if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
            return Ok(python);
        }
        install(&home, &python, self.packages).with_context(|| {
            let home = home.display();
            format!(
                "the peer is missing: python3 -m venv {home} && {home}/bin/pip install {wanted}"
            )
        })?;
        std::fs::write(stamp, wanted)?;
        Ok(python)
    }
}

fn install(home: &Path, python: &Path, packages: &[&str]) -> Result<()> {
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
    .args(packages);
    shell::run(&mut pip)
}

fn answers(python: &Path) -> bool {
    Command::new(python)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}
