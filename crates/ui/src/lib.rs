//! The page that people see in their browser, carried inside the program.
//!
//! One file to install means that the page, its styles and its script travel in the
//! binary: a node in a basement without internet shows the same page as any other. This
//! crate only hands out those files with the headers they need; it knows nothing of
//! buildings, and the files contain nothing about any.
//!
//! The sources are in `web/`; `cargo xtask ui` builds them into `dist/`. Without that the
//! crate still compiles, and [`index`] is a page that says how to build it.

use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::fmt::Write as _;

#[derive(RustEmbed)]
#[folder = "dist"]
#[allow_missing = true]
struct Dist;

/// What the page may do: run its own script, also beside the page where it draws the map,
/// use its own styles, talk to its own node. Nothing inline, nothing from elsewhere, no
/// frames around it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NOT_BUILT: &[u8] = br#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Twinternet</title></head>
<body>
<h1>The page was not built into this program</h1>
<p>Everything else works. To have the page, run <code>cargo xtask ui</code> (it needs
Node.js 20 or newer) and build the program again.</p>
</body>
</html>
"#;

/// One file of the page, ready to be sent.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The file.
    pub bytes: Cow<'static, [u8]>,
    /// The same, compressed for clients that accept `br`; only where it was prepared.
    pub brotli: Option<Cow<'static, [u8]>>,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// For the `ETag` header, with its quotes.
    pub etag: String,
    /// Whether the name changes with the content, so that it may be cached for ever.
    pub immutable: bool,
}

/// The file at a path such as `/assets/index-1a2b.js`; `/` is [`index`].
///
/// ```
/// assert!(twin_ui::asset("/").is_some());
/// assert!(twin_ui::asset("/../Cargo.toml").is_none());
/// ```
pub fn asset(path: &str) -> Option<Asset> {
    let name = path.strip_prefix('/').unwrap_or(path);
    match name {
        "" | "index.html" => Some(index()),
        _ => embedded(name),
    }
}

/// The page itself.
pub fn index() -> Asset {
    embedded("index.html").unwrap_or_else(|| Asset {
        bytes: Cow::Borrowed(NOT_BUILT),
        brotli: None,
        content_type: "text/html; charset=utf-8",
        etag: "\"not-built\"".into(),
        immutable: false,
    })
}

/// Whether the page was built into this program.
pub fn is_built() -> bool {
    Dist::get("index.html").is_some()
}

fn embedded(name: &str) -> Option<Asset> {
    // Served in place of the plain file, never by itself.
    let content_type = content_type(name)?;
    let file = Dist::get(name)?;
    Some(Asset {
        brotli: Dist::get(&format!("{name}.br")).map(|file| file.data),
        content_type,
        etag: etag(&file.metadata.sha256_hash()),
        immutable: name.starts_with("assets/"),
        bytes: file.data,
    })
}

/// Only what the build produces; anything else in the folder is not served.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}

/// Half of a SHA-256 is plenty to tell two builds apart.
fn etag(hash: &[u8; 32]) -> String {
    let mut tag = String::from("\"");
    for byte in &hash[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_page() {
        let page = index();
        assert!(page.bytes.starts_with(b"<!doctype html>"));
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert!(!page.immutable);
        assert!(page.etag.starts_with('"') && page.etag.ends_with('"'));
    }

    #[test]
    fn nothing_outside_the_build_is_served() {
        for path in [
            "/../Cargo.toml",
            "/../src/lib.rs",
            "/index.html.br",
            "/assets",
            "/assets/../../build.rs",
            "/nothing.js",
            "//etc/passwd",
        ] {
            assert!(asset(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_page_obeys_its_own_policy() {
        let page = index();
        let html = String::from_utf8_lossy(&page.bytes);
        assert!(!html.contains("style="), "inline style");
        for script in html.split("<script").skip(1) {
            assert!(script.contains("src=\"/"), "inline or foreign script");
        }
    }

    #[test]
    fn every_file_the_page_names_is_there() {
        if !is_built() {
            return;
        }
        let page = index();
        let html = String::from_utf8_lossy(&page.bytes).into_owned();
        let named: Vec<_> = html
            .split(['"', '\''])
            .filter(|part| part.starts_with("/assets/") || *part == "/icon.svg")
            .collect();
        assert!(!named.is_empty());
        for path in named {
            let file = asset(path).unwrap_or_else(|| panic!("`{path}` is missing"));
            assert!(file.brotli.is_some(), "`{path}` is not compressed");
            assert_eq!(file.immutable, path.starts_with("/assets/"));
        }
    }
}
