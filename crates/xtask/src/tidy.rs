//! The rules of the repository that no compiler checks, as tests.
//!
//! Each rule reads the files that git does not ignore and returns what breaks it, one line each
//! with the place. `cargo xtask tidy` lists all; `cargo test -p xtask` fails on any.

mod documents;
mod layers;
mod words;

use crate::shell;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// The files by their path from the root, with their content.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// The files of the working tree that git tracks, or would after `git add`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let listed = shell::capture(shell::program("git").current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))
        .context("the rules are checked on the files that git knows")?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // A file that was deleted and not yet committed as such is not there.
            if let Ok(content) = std::fs::read(root.join(path)) {
                files.insert(path.to_owned(), content);
            }
        }
        Ok(Self { files })
    }

    /// Texts whose path ends as given, in order of their paths.
    fn texts<'a>(&'a self, ends: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(|(path, _)| ends.iter().any(|end| path.ends_with(end)))
            .filter_map(|(path, content)| Some((path.as_str(), std::str::from_utf8(content).ok()?)))
    }

    fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let within = self.files.range(folder.clone()..).next();
        self.files.contains_key(path) || within.is_some_and(|(found, _)| found.starts_with(&folder))
    }
}

type Rule = fn(&Tree) -> Vec<String>;

const RULES: [(&str, Rule); 9] = [
    (
        "every crate takes the lints of the workspace, which forbid unsafe code",
        layers::lints,
    ),
    (
        "crates depend on lower layers only, as the table of ARCHITECTURE.md says",
        layers::order,
    ),
    ("texts are clean UTF-8", words::clean),
    (
        "no machine, registry host or unkept promise is named",
        words::forbidden,
    ),
    (
        "no source file has more than 1,000 lines of code",
        words::length,
    ),
    (
        "every code has a page and every page a code",
        documents::codes,
    ),
    (
        "the index of the error pages lists every page",
        documents::index,
    ),
    ("links between documents lead somewhere", documents::links),
    ("decisions are numbered without gaps", documents::decisions),
];

/// What breaks each rule, by rule.
pub(crate) fn broken(tree: &Tree) -> Vec<(&'static str, Vec<String>)> {
    let checked = RULES.iter().map(|(name, rule)| (*name, rule(tree)));
    checked
        .filter(|(_, problems)| !problems.is_empty())
        .collect()
}

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write anew what is derived from other files: the index of the error pages
    #[arg(long)]
    mend: bool,
}

/// Mends first where that is asked for, then checks.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.mend {
        documents::mend(&Tree::read(&shell::root())?, &shell::root())?;
    }
    check()
}

/// Checks all rules and fails with the list of what breaks them.
pub(crate) fn check() -> Result<()> {
    let broken = broken(&Tree::read(&shell::root())?);
    for (rule, problems) in &broken {
        eprintln!("rule: {rule}");
        for problem in problems {
            eprintln!("  {problem}");
        }
    }
    if !broken.is_empty() {
        bail!(
            "{} of {} repository rules are broken",
            broken.len(),
            RULES.len()
        );
    }
    eprintln!("{} repository rules hold", RULES.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of small texts.
    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).into(), text.as_bytes().to_vec()));
        Tree {
            files: files.collect(),
        }
    }

    #[test]
    fn the_repository_keeps_its_rules() {
        check().unwrap();
    }

    #[test]
    fn folders_are_found_by_what_they_hold() {
        let tree = tree(&[("docs/errors/A.md", "")]);
        assert!(
            tree.has("docs/errors") && tree.has("docs/errors/") && tree.has("docs/errors/A.md")
        );
        assert!(!tree.has("docs/err"));
    }
}
