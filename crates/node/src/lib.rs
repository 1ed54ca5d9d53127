//! The running node: owns now, the single writer, tasks, configuration
