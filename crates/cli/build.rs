//! Collects the pages of `docs/errors/` so that `twin errors CODE` works without them.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&root).join("../../docs/errors");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<_> = fs::read_dir(&folder)
        .expect("docs/errors is part of the source")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "md") && is_code(path))
        .collect();
    pages.sort();
    let mut list = String::from("&[\n");
    for path in pages {
        let code = path
            .file_stem()
            .expect("it has an extension")
            .to_string_lossy()
            .into_owned();
        let path = path.canonicalize().expect("it was just listed");
        writeln!(
            list,
            "    ({code:?}, include_str!({:?})),",
            path.display().to_string()
        )
        .expect("writing to a string");
    }
    list.push(']');
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("pages.rs");
    fs::write(out, list).expect("the build directory can be written");
}

/// `IFC-001.md` is a page; `README.md` is not.
fn is_code(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    matches!(stem.split_once('-'), Some((letters, digits))
        if letters.bytes().all(|b| b.is_ascii_uppercase()) && digits.bytes().all(|b| b.is_ascii_digit()))
}
