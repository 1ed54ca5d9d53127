//! What may leave: a value together with whom it was released to.

use twin_model::Caller;

/// An answer that was made for one caller.
///
/// It can be read but not made outside this crate, so that no exit of the node can
/// answer with something that was never released.
#[derive(Debug, Clone, PartialEq)]
pub struct View<T> {
    released: T,
    to: Caller,
}

/// Releases `value` to `caller`. What it holds has been cut down to what the caller may
/// see by asking [`crate::decide`] for every part.
pub fn release<T>(caller: &Caller, value: T) -> View<T> {
    View {
        released: value,
        to: caller.clone(),
    }
}

impl<T> View<T> {
    /// What was released.
    pub fn get(&self) -> &T {
        &self.released
    }

    /// What was released, taken out to be written to the caller.
    pub fn into_inner(self) -> T {
        self.released
    }

    /// To whom.
    pub fn caller(&self) -> &Caller {
        &self.to
    }
}

impl<T> std::ops::Deref for View<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.released
    }
}
