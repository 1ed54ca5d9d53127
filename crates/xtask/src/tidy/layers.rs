//! Which crate may know which.

use super::Tree;
use std::collections::BTreeMap;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const TESTS: &str = "dev-dependencies";

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Layer(u32),
    /// Beside the layers: knows none of them, and is known by their tests at most.
    Side,
    /// Above all: may know everything, and nothing knows it.
    Above,
}

/// `unsafe_code` is forbidden in the workspace, and every crate inherits that.
pub(super) fn lints(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in manifests(tree) {
        let Ok(manifest) = text.parse::<toml::Table>() else {
            problems.push(format!("{path}: not a manifest"));
            continue;
        };
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        if inherits != Some(true) {
            problems.push(format!("{path}: lacks `[lints] workspace = true`"));
        }
    }
    let root = tree
        .text("Cargo.toml")
        .and_then(|text| text.parse::<toml::Table>().ok());
    let level = root.as_ref().and_then(|root| {
        root.get("workspace")?
            .get("lints")?
            .get("rust")?
            .get("unsafe_code")?
            .as_str()
    });
    if level != Some("forbid") {
        problems.push("Cargo.toml: `unsafe_code` is not forbidden".into());
    }
    problems
}

/// Every crate stands in the table, and depends on lower layers only.
pub(super) fn order(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(ARCHITECTURE) else {
        return vec![format!("{ARCHITECTURE}: is missing")];
    };
    let places = places(text);
    let mut problems = Vec::new();
    for (path, text) in manifests(tree) {
        let name = path.split('/').nth(1).unwrap_or_default();
        let Some(&place) = places.get(name) else {
            problems.push(format!("{ARCHITECTURE}: its table does not place `{name}`"));
            continue;
        };
        for (section, needed) in needed(text) {
            match (place, places.get(needed.as_str())) {
                (_, None) => problems.push(format!("{path}: `{needed}` is not in the table")),
                (Place::Layer(above), Some(Place::Layer(below))) if below < &above => {}
                (Place::Above, Some(Place::Layer(_) | Place::Side)) => {}
                // Tests may be given what a side crate generates; what ships may not.
                (Place::Layer(_), Some(Place::Side)) if section == TESTS => {}
                (_, Some(below)) => {
                    problems.push(format!(
                        "{path}: {place:?} depends on `{needed}`, {below:?}"
                    ));
                }
            }
        }
    }
    problems
}

fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts(&["/Cargo.toml"])
        .filter(|(path, _)| path.starts_with("crates/"))
}

/// The crates of ours that a manifest names, with the section that names them.
fn needed(manifest: &str) -> Vec<(&'static str, String)> {
    let table = manifest.parse::<toml::Table>().unwrap_or_default();
    ["dependencies", TESTS, "build-dependencies"]
        .into_iter()
        .filter_map(|section| Some((section, table.get(section)?.as_table()?)))
        .flat_map(|(section, crates)| crates.keys().map(move |name| (section, name)))
        .filter_map(|(section, name)| Some((section, name.strip_prefix("twin-")?.to_owned())))
        .collect()
}

/// Reads the rows `| layer | crates | …` whose crates stand in backticks.
fn places(text: &str) -> BTreeMap<&str, Place> {
    let mut places = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let place = match cells.next() {
            Some("side") => Place::Side,
            Some("above") => Place::Above,
            Some(number) => match number.parse() {
                Ok(layer) => Place::Layer(layer),
                Err(_) => continue,
            },
            None => continue,
        };
        let crates = cells
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2);
        places.extend(crates.map(|name| (name, place)));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;

    const TABLE: &str = "| layer | crate |\n|---|---|\n| 0 | `model` |\n| 1 | `space`, `fusion` |\n\
                         | side | `scenario` |\n| above | `score` |\n";
    const SOUND: &str = "[lints]\nworkspace = true\n";

    fn check(name: &str, manifest: &str, expected: &[&str]) {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest = format!("{SOUND}{manifest}");
        assert_eq!(
            order(&tree(&[(ARCHITECTURE, TABLE), (&path, &manifest)])),
            expected
        );
    }

    #[test]
    fn dependencies_point_down() {
        check(
            "space",
            "[dependencies]\ntwin-model.workspace = true\nserde = '1'\n",
            &[],
        );
        check(
            "model",
            "[dependencies]\ntwin-space.workspace = true\n",
            &["crates/model/Cargo.toml: Layer(0) depends on `space`, Layer(1)"],
        );
        check(
            "space",
            "[dev-dependencies]\ntwin-fusion.workspace = true\n",
            &["crates/space/Cargo.toml: Layer(1) depends on `fusion`, Layer(1)"],
        );
    }

    #[test]
    fn what_generates_truth_knows_nobody_and_is_known_by_tests_only() {
        check(
            "scenario",
            "[dependencies]\ntwin-model.workspace = true\n",
            &["crates/scenario/Cargo.toml: Side depends on `model`, Layer(0)"],
        );
        check(
            "space",
            "[dependencies]\ntwin-scenario.workspace = true\n",
            &["crates/space/Cargo.toml: Layer(1) depends on `scenario`, Side"],
        );
        check(
            "space",
            "[dev-dependencies]\ntwin-scenario.workspace = true\n",
            &[],
        );
    }

    #[test]
    fn what_marks_knows_both_sides_and_is_known_by_nobody() {
        check(
            "score",
            "[dependencies]\ntwin-model.workspace = true\ntwin-scenario.workspace = true\n",
            &[],
        );
        check(
            "space",
            "[dev-dependencies]\ntwin-score.workspace = true\n",
            &["crates/space/Cargo.toml: Layer(1) depends on `score`, Above"],
        );
        check(
            "scenario",
            "[dependencies]\ntwin-score.workspace = true\n",
            &["crates/scenario/Cargo.toml: Side depends on `score`, Above"],
        );
    }

    #[test]
    fn every_crate_is_placed() {
        check(
            "store",
            "",
            &["ARCHITECTURE.md: its table does not place `store`"],
        );
    }

    #[test]
    fn lints_are_inherited() {
        let forbids = (
            "Cargo.toml",
            "[workspace.lints.rust]\nunsafe_code = 'forbid'\n",
        );
        assert!(lints(&tree(&[forbids, ("crates/a/Cargo.toml", SOUND)])).is_empty());
        let found = lints(&tree(&[forbids, ("crates/a/Cargo.toml", "[lints]\n")]));
        assert_eq!(
            found,
            ["crates/a/Cargo.toml: lacks `[lints] workspace = true`"]
        );
        let found = lints(&tree(&[(
            "Cargo.toml",
            "[workspace.lints.rust]\nunsafe_code = 'deny'",
        )]));
        assert_eq!(found, ["Cargo.toml: `unsafe_code` is not forbidden"]);
    }
}
