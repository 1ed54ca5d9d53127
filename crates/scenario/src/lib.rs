//! Generates buildings and observations as standard files and messages, with the truth kept aside
