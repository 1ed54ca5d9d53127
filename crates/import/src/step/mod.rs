//! Reading STEP physical files (ISO 10303-21), the container of IFC.
//!
//! Such a file is a long list of numbered statements that refer to each other by number:
//! `#12=IFCDOOR('1hOS…',#3,'Door 1',…);`. [`Index`] finds where each statement begins in one
//! pass; [`Values`] takes one statement apart when somebody asks. Nothing is copied, so a file of
//! a gigabyte costs little more than its own bytes.
//!
//! **Invariant (FOREIGN-BYTES):** any bytes are accepted. What cannot be read is skipped and
//! counted; nothing here recurses without bound, panics, or allocates more than a fixed multiple
//! of the input.

mod index;
mod lex;
mod scan;
mod text;
mod value;

pub use index::{Defect, Entity, Index, Kind};
pub use text::decode;
pub use value::{Value, Values};
