//! Claims in, estimates out
