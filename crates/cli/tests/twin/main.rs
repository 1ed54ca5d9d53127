//! Runs the real program: wrong words, right words, and a node that is killed.

mod common;
mod node;
mod words;
