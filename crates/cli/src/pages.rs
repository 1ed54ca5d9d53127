//! The pages of `docs/errors/`, inside the program, so that they are there when
//! the network is not.

/// Code and page, in order of code.
pub(crate) static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, whatever its case.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, page)| *page)
}

/// The title of a page without its code.
pub(crate) fn title(page: &str) -> &str {
    let first = page.lines().next().unwrap_or_default();
    first.split_once(": ").map_or(first, |(_, title)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_titled_with_its_code() {
        assert!(!PAGES.is_empty());
        for (code, page) in PAGES {
            assert!(
                page.starts_with(&format!("# {code}: ")),
                "{code} has no title line"
            );
        }
    }
}
