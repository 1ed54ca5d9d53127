//! The embedded web application
