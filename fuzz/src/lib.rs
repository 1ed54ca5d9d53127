//! What several targets share.

use twin_import::Mint;
use twin_model::{EntityId, EntityKind};

/// Names twins by what the file calls them, where that fits into a URI.
pub struct Names;

impl Mint for Names {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let name = format!("urn:fuzz:{}:{external_id}", kind.as_str());
        EntityId::new(&name).unwrap_or_else(|_| EntityId::new("urn:fuzz:other").expect("a URI"))
    }
}
