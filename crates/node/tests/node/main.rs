//! The node as a face sees it: claims in, estimates out, nothing lost, nothing told to
//! whoever may not know.

mod access;
mod bench;
mod city;
mod claims;
mod erasure;
mod full;
mod histories;
mod imports;
mod inference;
mod link;
mod points;
mod quarantine;
mod rebuild;
mod unplaced;
mod witness;
