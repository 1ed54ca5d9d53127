//! What stands in the files: characters, words, length.

use super::Tree;

/// Files that people write and read.
const WRITTEN: [&str; 12] = [
    ".rs", ".md", ".toml", ".ts", ".tsx", ".mjs", ".js", ".css", ".html", ".py", ".sh", ".json",
];
/// Files with lines that people proofread.
const PROOFREAD: [&str; 7] = [".rs", ".ts", ".tsx", ".mjs", ".css", ".py", ".sh"];
/// Lines of code that one file may have; most have less than half. It leaves room for
/// what is longest by nature: a table, a standard's vocabulary, tests beside the code.
const LINES_MAX: usize = 1000;

/// Characters that turn the direction of writing or have no width: they can make
/// a text mean something else than it shows (CVE-2021-42574).
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// UTF-8 without deceptive characters, carriage returns, tabs in Rust, or spaces
/// at the end of a line; with a line end at the end.
pub(super) fn clean(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, content) in &tree.files {
        if !WRITTEN.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let Ok(text) = std::str::from_utf8(content) else {
            problems.push(format!("{path}: is not UTF-8"));
            continue;
        };
        for (number, line) in (1..).zip(text.split('\n')) {
            let problem = if line.contains(is_deceptive) {
                "an invisible character"
            } else if line.contains('\r') {
                "a carriage return"
            } else if line.ends_with([' ', '\t']) {
                "spaces at the end"
            } else {
                continue;
            };
            problems.push(format!("{path}:{number}: {problem}"));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            problems.push(format!("{path}: no line end at the end"));
        }
    }
    problems
}

/// Paths of a machine, hosts of registries and promises left open.
pub(super) fn forbidden(tree: &Tree) -> Vec<String> {
    // Spelled in pieces, so that this file does not forbid itself.
    let hosts = [
        ["registry.npm", "js.org"],
        ["files.python", "hosted.org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
    ];
    let promises = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["#[ign", "ore"],
        ["unimpl", "emented!"],
    ];
    let hosts: Vec<String> = hosts.iter().map(|parts| parts.concat()).collect();
    let promises: Vec<String> = promises.iter().map(|parts| parts.concat()).collect();
    let mut problems = Vec::new();
    for (path, content) in &tree.files {
        let Ok(text) = std::str::from_utf8(content) else {
            continue;
        };
        // A lock file's hashes can spell anything.
        let (lock, written) = (is_lock(path), WRITTEN.iter().any(|end| path.ends_with(end)));
        for (number, line) in (1..).zip(text.lines()) {
            let at = || format!("{path}:{number}");
            if let Some(found) = machine_path(line) {
                problems.push(format!("{}: a path of a machine, `{found}`", at()));
            }
            if let Some(host) = hosts.iter().find(|host| line.contains(*host)) {
                problems.push(format!("{}: the host of a registry, `{host}`", at()));
            }
            if let Some(word) = promises
                .iter()
                .find(|word| written && !lock && line.contains(*word))
            {
                problems.push(format!("{}: a promise left open, `{word}`", at()));
            }
        }
    }
    problems
}

fn is_lock(path: &str) -> bool {
    path.ends_with("package-lock.json") || path.ends_with("Cargo.lock")
}

/// An absolute path below a home or work folder.
fn machine_path(line: &str) -> Option<&str> {
    const TOPS: [&str; 4] = ["root", "work", "farm", "home"];
    for (start, _) in line.match_indices('/') {
        let before = line[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "._-/".contains(c)) {
            continue;
        }
        let mut parts = line[start + 1..].split('/');
        let (Some(top), Some(next)) = (parts.next(), parts.next()) else {
            continue;
        };
        let next_len = next.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
        let end = start + 1 + top.len() + 1 + next_len.unwrap_or(next.len());
        let deep_enough = top != "home" || (next_len.is_none() && parts.next().is_some());
        if TOPS.contains(&top) && deep_enough {
            return Some(&line[start..end]);
        }
    }
    None
}

/// A file that is too long to proofread wants a seam. Comments and empty lines are not
/// counted: a file must not become better by explaining less.
pub(super) fn length(tree: &Tree) -> Vec<String> {
    tree.texts(&PROOFREAD)
        .map(|(path, text)| (path, text.lines().filter(|line| is_code(line)).count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{path}: {lines} lines of code"))
        .collect()
}

fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;

    #[test]
    fn unclean_texts_are_found() {
        let found = clean(&tree(&[
            ("a.md", "fine °C\n"),
            ("b.md", "x \n"),
            ("c.md", "x\r\n"),
            ("d.md", "\u{202e}x"),
        ]));
        let expected = [
            "b.md:1: spaces at the end",
            "c.md:1: a carriage return",
            "d.md:1: an invisible character",
            "d.md: no line end at the end",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn machine_paths() {
        let slash = '/';
        let check = |text: &str, expected: Option<&str>| {
            let line = text.replace('|', &slash.to_string());
            let expected = expected.map(|e| e.replace('|', &slash.to_string()));
            assert_eq!(machine_path(&line).map(str::to_owned), expected, "{line}");
        };
        check("see |work|main for it", Some("|work|main"));
        check("see `|root|x`", Some("|root|x"));
        check("|home|somebody|x", Some("|home|somebody"));
        check("GET |home|", None);
        check("..|work|x", None);
        check("network|work|x and a|root|b", None);
        check("|workshop|x", None);
    }

    #[test]
    fn promises_and_hosts_are_found() {
        let text = format!(
            "// {}{}: later\nhttps://registry.npm{}\n",
            "TO", "DO", "js.org/x"
        );
        let found = forbidden(&tree(&[("a.rs", &text)]));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn long_files_are_found() {
        let found = length(&tree(&[
            ("a.rs", &"x\n".repeat(1001)),
            ("b.rs", &"x\n\n  /// y\n".repeat(1000)),
        ]));
        assert_eq!(found, ["a.rs: 1001 lines of code"]);
    }
}
