//! Runs the real program: wrong words, right words, and a node that is killed.

mod common;
mod link;
mod node;
mod words;
