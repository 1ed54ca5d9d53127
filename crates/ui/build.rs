//! The page is built by `cargo xtask ui` into `dist`; a new build there means a new
//! embedding here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::path::Path::new("dist").exists() {
        println!("cargo::rerun-if-changed=dist");
    } else {
        // Watched through its parent: naming a missing path would rerun this every time.
        println!("cargo::rerun-if-changed=.");
    }
}
