//! Doors and rooms cut out of other people's files, statement by statement.

use std::collections::{BTreeMap, BTreeSet};

/// An IFC file as its statements by number.
pub(crate) struct Step<'t> {
    lines: Vec<(u64, &'t str)>,
    header: &'t str,
}

impl<'t> Step<'t> {
    /// Splits a file at its statements. Good for well-formed files only.
    pub(crate) fn read(text: &'t str) -> Self {
        let (header, data) = text.split_at(text.find("DATA;").map_or(0, |at| at + 5));
        let mut lines = Vec::new();
        let mut from = 0;
        let mut in_text = false;
        for (at, c) in data.char_indices() {
            match c {
                '\'' => in_text = !in_text,
                ';' if !in_text => {
                    let statement = data[from..at].trim();
                    from = at + 1;
                    let number = statement.strip_prefix('#').and_then(|s| s.split_once('='));
                    if let Some(number) = number.and_then(|(n, _)| n.trim().parse().ok()) {
                        lines.push((number, statement));
                    }
                }
                _ => {}
            }
        }
        Self { lines, header }
    }

    /// GlobalIds of the things of a sort, in the order of the file.
    pub(crate) fn global_ids(&self, sorts: &[&str]) -> Vec<String> {
        let of_sort = self.lines.iter().filter(|(_, s)| sorts.contains(&sort(s)));
        of_sort.filter_map(|(_, s)| global_id(s)).collect()
    }

    /// The file without these things. A door goes with the hole that it fills, so that its wall
    /// stands closed.
    pub(crate) fn without(&self, gone: &BTreeSet<String>) -> String {
        let mut dropped: BTreeSet<u64> = BTreeSet::new();
        for (number, statement) in &self.lines {
            if global_id(statement).is_some_and(|id| gone.contains(&id)) {
                dropped.insert(*number);
            }
        }
        let last_two: BTreeMap<u64, [u64; 2]> = self
            .lines
            .iter()
            .filter(|(_, s)| ["IFCRELFILLSELEMENT", "IFCRELVOIDSELEMENT"].contains(&sort(s)))
            .filter_map(|(number, s)| Some((*number, last_references(s)?)))
            .collect();
        let filled = last_two.iter().filter(|(_, [_, by])| dropped.contains(by));
        let holes: BTreeSet<u64> = filled.map(|(_, [hole, _])| *hole).collect();
        dropped.extend(&holes);
        let relations = last_two.iter();
        let cut: Vec<u64> = relations
            .filter(|(_, ends)| ends.iter().any(|end| dropped.contains(end)))
            .map(|(number, _)| *number)
            .collect();
        dropped.extend(cut);
        let mut text = format!("{}\n", self.header);
        for (number, statement) in &self.lines {
            if !dropped.contains(number) {
                text.push_str(statement);
                text.push_str(";\n");
            }
        }
        text.push_str("ENDSEC;\nEND-ISO-10303-21;\n");
        text
    }
}

/// The name of a statement's type.
fn sort(statement: &str) -> &str {
    let after = statement.split_once('=').map_or("", |(_, s)| s.trim());
    after.split_once('(').map_or("", |(name, _)| name.trim())
}

/// The first text of a statement, which is the GlobalId of everything that has one.
fn global_id(statement: &str) -> Option<String> {
    let (_, after) = statement.split_once("('")?;
    let (id, _) = after.split_once('\'')?;
    (id.len() == 22).then(|| id.to_owned())
}

fn last_references(statement: &str) -> Option<[u64; 2]> {
    let inside = statement.trim_end().strip_suffix(')')?;
    let mut last = inside.rsplit(',').map(|part| {
        let number = part.trim().strip_prefix('#');
        number.and_then(|n| n.parse().ok())
    });
    let (second, first) = (last.next()??, last.next()??);
    Some([first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_goes_with_its_hole() {
        let text = "ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;
#1=IFCDOOR('0000000000000000000001',$,'a; b');
#2=IFCOPENINGELEMENT('0000000000000000000002');
#3=IFCRELVOIDSELEMENT('0000000000000000000003',$,$,$,#9,#2);
#4=IFCRELFILLSELEMENT('0000000000000000000004',$,$,$,#2,#1);
#9=IFCWALL('0000000000000000000009');
ENDSEC;\nEND-ISO-10303-21;\n";
        let step = Step::read(text);
        let doors = step.global_ids(&["IFCDOOR"]);
        assert_eq!(doors, ["0000000000000000000001"]);
        let left = step.without(&doors.into_iter().collect());
        let left = Step::read(&left);
        let numbers: Vec<u64> = left.lines.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [9]);
    }
}
