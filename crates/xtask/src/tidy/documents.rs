//! Whether the documents hang together with the code and with each other.

use super::Tree;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

const PAGES: &str = "docs/errors/";
const INDEX: &str = "docs/errors/README.md";
const INDEX_HEAD: &str = "# Codes\n\n\
    Everything that goes wrong in a way you can do something about has a code and a page: what\n\
    happened, why, what to do. `twin errors CODE` prints the page. `cargo xtask tidy --mend` writes\n\
    this list.\n\n";

/// Every code that the code can print has a page, and no page is left over.
pub(super) fn codes(tree: &Tree) -> Vec<String> {
    let mut printed = BTreeMap::new();
    for (path, text) in tree.texts(&[".rs"]) {
        let is_ours = path.starts_with("crates/") && path.contains("/src/");
        if is_ours && !path.starts_with("crates/xtask/") {
            for code in quoted_codes(text) {
                printed.entry(code).or_insert(path);
            }
        }
    }
    let pages: BTreeSet<&str> = pages(tree).map(|(code, _)| code).collect();
    let mut problems = Vec::new();
    for (code, path) in &printed {
        if !pages.contains(code) {
            problems.push(format!("{path}: `{code}` has no page in {PAGES}"));
        }
    }
    for (code, text) in self::pages(tree) {
        if !printed.contains_key(code) {
            problems.push(format!("{PAGES}{code}.md: nothing prints this code"));
        }
        if !text.starts_with(&format!("# {code}: ")) {
            problems.push(format!(
                "{PAGES}{code}.md: does not begin with `# {code}: `"
            ));
        }
    }
    problems
}

/// The index is the one that the pages make.
pub(super) fn index(tree: &Tree) -> Vec<String> {
    if tree.text(INDEX) == Some(&written_index(tree)) {
        return Vec::new();
    }
    vec![format!(
        "{INDEX}: is not up to date, run `cargo xtask tidy --mend`"
    )]
}

/// Writes the index anew.
pub(super) fn mend(tree: &Tree, root: &Path) -> Result<()> {
    Ok(std::fs::write(root.join(INDEX), written_index(tree))?)
}

/// A line for every page, with the title that the page has.
fn written_index(tree: &Tree) -> String {
    let mut index = INDEX_HEAD.to_owned();
    for (code, text) in pages(tree) {
        let title = text.lines().next().unwrap_or_default();
        let title = title.split_once(": ").map_or("", |(_, title)| title);
        let _ = writeln!(index, "* [{code}]({code}.md): {title}");
    }
    index
}

/// Relative links of Markdown files lead to files or folders of the repository.
pub(super) fn links(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(&[".md"]) {
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(char::is_whitespace) {
                continue;
            }
            let resolved = resolve(path, target);
            if !resolved
                .as_deref()
                .is_some_and(|resolved| tree.has(resolved))
            {
                problems.push(format!("{path}: `{target}` leads nowhere"));
            }
        }
    }
    problems
}

/// `docs/decisions` holds 0001, 0002 and so on.
pub(super) fn decisions(tree: &Tree) -> Vec<String> {
    let numbers: Vec<&str> = tree
        .texts(&[".md"])
        .filter_map(|(path, _)| path.strip_prefix("docs/decisions/")?.split_once('-'))
        .map(|(number, _)| number)
        .collect();
    let wanted = (1..=numbers.len()).map(|n| format!("{n:04}"));
    let wrong = wanted
        .zip(&numbers)
        .find(|(wanted, found)| wanted != *found);
    wrong
        .map(|(wanted, found)| format!("docs/decisions: {found} stands where {wanted} is due"))
        .into_iter()
        .collect()
}

fn pages(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts(&[".md"]).filter_map(|(path, text)| {
        let code = path.strip_prefix(PAGES)?.strip_suffix(".md")?;
        (code != "README").then_some((code, text))
    })
}

/// Texts in quotes that have the form of a code: three capitals, three digits.
fn quoted_codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|word| {
        let bytes = word.as_bytes();
        bytes.len() == 7
            && bytes[3] == b'-'
            && bytes[..3].iter().all(u8::is_ascii_uppercase)
            && bytes[4..].iter().all(u8::is_ascii_digit)
    })
}

/// The path that a relative link in a file leads to; `None` above the root.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;

    #[test]
    fn codes_and_pages_match() {
        let code = ["ABC", "-001"].concat();
        let source = format!("let x = \"{code}\";");
        let page = format!("docs/errors/{code}.md");
        let title = format!("# {code}: Something\n");
        let sound = [
            ("crates/a/src/lib.rs", source.as_str()),
            (page.as_str(), title.as_str()),
        ];
        assert!(codes(&tree(&sound)).is_empty());
        assert_eq!(codes(&tree(&sound[..1])).len(), 1, "a code without page");
        assert_eq!(codes(&tree(&sound[1..])).len(), 1, "a page without code");
        assert_eq!(
            codes(&tree(&[sound[0], (page.as_str(), "# Other\n")])).len(),
            1,
            "a wrong title"
        );
    }

    #[test]
    fn the_index_repeats_the_titles() {
        let page = ("docs/errors/ABC-001.md", "# ABC-001: Something\n");
        let listed = format!("{INDEX_HEAD}* [ABC-001](ABC-001.md): Something\n");
        assert!(index(&tree(&[page, (INDEX, &listed)])).is_empty());
        assert_eq!(index(&tree(&[page, (INDEX, INDEX_HEAD)])).len(), 1);
    }

    #[test]
    fn links_lead_somewhere() {
        let files = [
            (
                "README.md",
                "[a](docs/b.md) [c](docs/) [d](https://example.org) [e](#here)",
            ),
            (
                "docs/b.md",
                "[up](../README.md#x) [no](c.md) [out](../../x.md)",
            ),
        ];
        let expected = [
            "docs/b.md: `c.md` leads nowhere",
            "docs/b.md: `../../x.md` leads nowhere",
        ];
        assert_eq!(links(&tree(&files)), expected);
    }

    #[test]
    fn decisions_have_no_gaps() {
        let (first, third) = (
            ("docs/decisions/0001-a.md", ""),
            ("docs/decisions/0003-c.md", ""),
        );
        assert!(decisions(&tree(&[first])).is_empty());
        assert_eq!(
            decisions(&tree(&[first, third])),
            ["docs/decisions: 0003 stands where 0002 is due"]
        );
    }
}
