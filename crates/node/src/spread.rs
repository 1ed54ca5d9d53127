//! Telling listeners of rooms without a sensor: when what is inferred of one has moved far
//! enough to matter, at most once a second.
//!
//! Claims about one room change what is inferred of all around it. To work that out for
//! every claim would be absurd, and to tell of every hair's breadth too.

use crate::changes::Ring;
use crate::inference::Inferences;
use crate::live::Key;
use crate::picture::Picture;
use crate::writer::Command;
use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::WeakSender;
use twin_fusion::field::Coupling;
use twin_model::{AttributeSpec, Catalogue, Distribution, Time};

/// Least time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// A mean that moves by less, in its standard deviations, is not worth telling.
const MOVE_MIN: f64 = 0.25;

/// What was told last of each room, and of which state of the claims.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    told: FxHashMap<Key, (f64, f64)>,
    looked_at: Option<Arc<Inferences>>,
}

/// Looks again and again until the node is gone.
pub(crate) fn run(
    published: &ArcSwap<Picture>,
    ring: &Ring,
    now: &dyn Fn() -> Time,
    node: &WeakSender<Command>,
) {
    let mut spread = Spread::default();
    loop {
        std::thread::sleep(EVERY);
        if node.upgrade().is_none() {
            break;
        }
        if !ring.has_listeners() {
            continue;
        }
        let keys = spread.moved(&published.load_full(), now());
        if !keys.is_empty() {
            ring.push_again(keys);
        }
    }
}

impl Spread {
    /// The attributes of rooms without a sensor that have moved since they were last told
    /// of, sorted.
    pub(crate) fn moved(&mut self, picture: &Picture, at: Time) -> Vec<Key> {
        let looked_at = self.looked_at.replace(Arc::clone(&picture.inferences));
        if looked_at.is_some_and(|before| Arc::ptr_eq(&before, &picture.inferences)) {
            return Vec::new();
        }
        let mut moved = Vec::new();
        let spreading = Catalogue::BUILT_IN
            .iter()
            .filter(|spec| Coupling::of(spec.name).is_some());
        for spec in spreading {
            self.look(picture, spec, at, &mut moved);
        }
        moved.sort_unstable();
        moved
    }

    fn look(
        &mut self,
        picture: &Picture,
        spec: &'static AttributeSpec,
        at: Time,
        moved: &mut Vec<Key>,
    ) {
        // Nobody ever spoke of it.
        let Some(attribute) = picture.names.attributes.find(spec.name) else {
            return;
        };
        let structure = picture.structure();
        let buildings = structure.buildings.iter();
        for space in buildings.flat_map(|&building| structure.spaces_of_building(building)) {
            let key = (space, attribute);
            let inferred = picture.inferred(space, spec, at);
            let now =
                inferred.and_then(|e| e.distribution.as_ref().and_then(Distribution::moments));
            let has_moved = match (self.told.get(&key), now) {
                (None, None) => false,
                (Some((mean, sd)), Some((mean_now, sd_now))) => {
                    (mean_now - mean).abs() > MOVE_MIN * sd.min(sd_now)
                }
                _ => true,
            };
            if has_moved {
                moved.push(key);
                match now {
                    Some(now) => self.told.insert(key, now),
                    None => self.told.remove(&key),
                };
            }
        }
    }
}
