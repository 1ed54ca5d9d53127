//! Who may see and do what: decision and release
