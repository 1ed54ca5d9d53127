//! The node's end of the link: what it tells other organisations and what it is told.

mod whereabouts;
