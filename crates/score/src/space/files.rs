//! Data made by others: whatever files lie below the folder that is given.

use std::path::{Path, PathBuf};
use twin_import::Format;

/// A file of a kind that is wanted.
pub(crate) struct DataFile {
    /// Its path from the folder, for people.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// The files of some formats below a folder, in order of name; none when it is not there.
pub(crate) fn files(data: &Path, formats: &[Format]) -> std::io::Result<Vec<DataFile>> {
    let mut found = Vec::new();
    for path in paths_below(data) {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        if !ENDINGS.iter().any(|ending| file_name.ends_with(ending)) {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        if Format::detect(&file_name, &bytes).is_some_and(|f| formats.contains(&f)) {
            let name = path.strip_prefix(data).unwrap_or(&path);
            let name = name.to_string_lossy().into_owned();
            found.push(DataFile { name, path, bytes });
        }
    }
    Ok(found)
}

/// Endings of the files that are opened to see what they are.
const ENDINGS: [&str; 5] = [".ifc", ".json", ".jsonl", ".osm", ".pbf"];

fn paths_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
