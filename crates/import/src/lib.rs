//! Files of others in, claims and findings out

pub mod step;
