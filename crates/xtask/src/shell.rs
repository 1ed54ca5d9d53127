//! Where things are, and how other programs are started.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .unwrap_or(manifest)
        .to_path_buf()
}

/// A folder outside the tree for what is slow to make and safe to lose.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => {
            let home =
                std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;
            PathBuf::from(home).join(".cache")
        }
    };
    Ok(base.join("twinternet"))
}

/// The build folder that cargo writes to.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => root().join(PathBuf::from(dir)),
        _ => root().join("target"),
    }
}

/// An empty folder for one run of a measure, on the disk of the build folder.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = target_dir().join("xtask").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The folder of real files made by others: the option, else `TWIN_DATA`, else
/// the folder `shared/data` beside the repository.
pub(crate) fn data_dir(option: Option<&Path>) -> PathBuf {
    match (option, std::env::var_os("TWIN_DATA")) {
        (Some(dir), _) => dir.to_path_buf(),
        (None, Some(dir)) if !dir.is_empty() => root().join(PathBuf::from(dir)),
        _ => root().join("../shared/data"),
    }
}

/// The program of that name on `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// The first of several programs that is on `PATH`.
pub(crate) fn which_of(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| which(name))
}

/// The cargo that started us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A program started in the root of the repository.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The command as a person would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end with its output shown; an error when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let spelled = spelled(command);
    eprintln!("$ {spelled}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("could not start `{spelled}`"))?;
    if !status.success() {
        bail!("`{spelled}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end with both its outputs in a file; an error when it fails.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> Result<()> {
    let spelled = spelled(command);
    eprintln!("$ {spelled}");
    let file = std::fs::File::create(log)
        .with_context(|| format!("could not write `{}`", log.display()))?;
    let (out, err) = (file.try_clone()?, file);
    let status = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .status();
    let status = status.with_context(|| format!("could not start `{spelled}`"))?;
    if !status.success() {
        bail!("`{spelled}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end and returns what it wrote to standard output; what it wrote
/// to standard error is shown.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let spelled = spelled(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{spelled}`"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "`{spelled}` failed ({})\n{}",
            output.status,
            tail(&text, 2000)
        );
    }
    Ok(text)
}

/// Runs and reads its standard output as JSON: the whole of it or, where a
/// program also prints words, its last line.
pub(crate) fn capture_json(command: &mut Command) -> Result<serde_json::Value> {
    let spelled = spelled(command);
    let text = capture(command)?;
    serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(text.trim_end().lines().next_back().unwrap_or_default()))
        .with_context(|| format!("`{spelled}` printed no JSON: {}", tail(&text, 300)))
}

/// The last bytes of a text, cut at a character.
pub(crate) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// Builds a binary or example of the workspace and returns its path.
///
/// `what` are the arguments that select it: `["--bin", "twin"]` or
/// `["--example", "ifc_summary"]`.
pub(crate) fn build(package: &str, what: [&str; 2], release: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--package", package])
        .args(what);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    let folder = target_dir().join(if release { "release" } else { "debug" });
    Ok(match what[0] {
        "--example" => folder.join("examples").join(what[1]),
        _ => folder.join(what[1]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").exists());
    }

    #[test]
    fn tail_never_cuts_a_character() {
        assert_eq!(tail("abc°C", 2), "C");
        assert_eq!(tail("abc", 10), "abc");
    }
}
