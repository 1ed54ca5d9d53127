//! Commit log, sealed segments, snapshots, retention, recovery
