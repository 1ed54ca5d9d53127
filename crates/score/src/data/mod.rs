//! Series made by others, as readings in time.

pub(crate) mod nab;
pub(crate) mod windesheim;
pub(crate) mod wsn;
mod zip;

use anyhow::{Context, Result};
use std::path::Path;

/// One series: seconds since 1970 and what was read then, in order.
pub(crate) type Series = Vec<(f64, f64)>;

/// The text of a file.
fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("`{}` is not there", path.display()))
}

/// The rows of a table with a heading, each as the values of the named columns.
fn columns<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<impl Iterator<Item = [&'a str; N]>> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let heading: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        let at = heading.iter().position(|column| *column == name);
        *place = at.with_context(|| format!("there is no column `{name}`"))?;
    }
    Ok(lines.map(move |line| {
        let values: Vec<&str> = line.split(',').collect();
        places.map(|at| values.get(at).copied().unwrap_or_default())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let rows: Vec<_> = columns("\u{feff}a,b,c\n1,2,3\n4,,6\n", ["c", "b"])
            .unwrap()
            .collect();
        assert_eq!(rows, [["3", "2"], ["6", ""]]);
        assert!(columns("a,b\n", ["d"]).is_err());
    }
}
