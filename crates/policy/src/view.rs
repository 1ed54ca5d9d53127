//! What may leave: answers that were made for somebody who was allowed to have them.

use crate::rules::{Action, Refusal, decide};
use twin_model::catalogue::Sensitivity;
use twin_model::{Caller, Estimate, Time};

/// An answer that a caller was allowed to have. The only thing that reads return.
///
/// There is no way to make one but [`release`] and [`Reader::release`].
#[derive(Debug, Clone, PartialEq)]
pub struct View<T>(T);

impl<T> View<T> {
    /// The answer.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// The answer, to be written out.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// The same answer in another form, for example as bytes of a protocol.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> View<U> {
        View(form(self.0))
    }
}

/// The answer to an action that the caller may do; it is not even worked out for others.
pub fn release<T>(
    caller: &Caller,
    action: &Action,
    answer: impl FnOnce() -> T,
) -> Result<View<T>, Refusal> {
    decide(caller, action).require()?;
    Ok(View(answer()))
}

/// Reads on behalf of a caller, class by class.
///
/// An answer about a whole twin has attributes of several classes; the reader puts
/// `withheld` where the caller may not see, without looking at what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    classes: [bool; 4],
}

/// Every class, in the order of [`Reader`]'s places.
const CLASSES: [Sensitivity; 4] = [
    Sensitivity::General,
    Sensitivity::Operational,
    Sensitivity::Security,
    Sensitivity::Personal,
];

impl Reader {
    /// A reader for the caller, refused to those who may read nothing.
    pub fn new(caller: &Caller) -> Result<Self, Refusal> {
        decide(caller, &Action::Read(Sensitivity::General)).require()?;
        Ok(Self {
            classes: CLASSES.map(|class| decide(caller, &Action::Read(class)).is_allowed()),
        })
    }

    /// Whether the caller may see attributes of the class.
    pub fn may_see(&self, class: Sensitivity) -> bool {
        CLASSES
            .iter()
            .zip(self.classes)
            .any(|(c, may)| *c == class && may)
    }

    /// The estimate of an attribute of the class, or *withheld*: the same whether
    /// something is known or not, because nobody looked.
    pub fn estimate(
        &self,
        class: Sensitivity,
        at: Time,
        look: impl FnOnce() -> Estimate,
    ) -> Estimate {
        if self.may_see(class) {
            look()
        } else {
            Estimate::withheld(at)
        }
    }

    /// Anything else of the class, or nothing.
    pub fn look<T>(&self, class: Sensitivity, look: impl FnOnce() -> T) -> Option<T> {
        self.may_see(class).then(look)
    }

    /// Seals what was put together with this reader.
    pub fn release<T>(&self, answer: T) -> View<T> {
        View(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::{Basis, Distribution, Flag, Knowledge, Principal, Role, SourceId, Summary};

    fn caller(role: Role) -> Caller {
        Caller {
            principal: Principal::Account("someone".into()),
            role,
        }
    }

    fn known(at: Time) -> Estimate {
        Estimate {
            knowledge: Knowledge::Known,
            distribution: Some(Distribution::Bernoulli { p: 0.9 }),
            basis: Basis::Observed,
            ..Estimate::unknown(at)
        }
    }

    #[test]
    fn what_is_withheld_looks_the_same_whatever_it_is() {
        let at = Time::from_seconds(7);
        let viewer = Reader::new(&caller(Role::Viewer)).unwrap();
        let with = viewer.estimate(Sensitivity::Personal, at, || known(at));
        let without = viewer.estimate(Sensitivity::Personal, at, || Estimate::unknown(at));
        assert_eq!(with, without);
        assert_eq!(with.summary(), Summary::Withheld);
        assert!(with.flags.has(Flag::Withheld) && with.value().is_none());
    }

    #[test]
    fn what_may_not_be_seen_is_not_looked_at() {
        let viewer = Reader::new(&caller(Role::Viewer)).unwrap();
        let mut looked = false;
        viewer.look(Sensitivity::Security, || looked = true);
        assert!(!looked);
        viewer.look(Sensitivity::Operational, || looked = true);
        assert!(looked);
    }

    #[test]
    fn each_role_sees_its_classes() {
        for (role, sees) in [
            (Role::Viewer, [true, true, false, false]),
            (Role::Steward, [true, true, true, false]),
            (Role::Responder, [true, true, true, true]),
            (Role::Owner, [true, true, true, true]),
        ] {
            let reader = Reader::new(&caller(role)).unwrap();
            assert_eq!(CLASSES.map(|class| reader.may_see(class)), sees, "{role:?}");
        }
    }

    #[test]
    fn sensors_and_strangers_read_nothing() {
        let sensor = Caller {
            principal: Principal::Source(SourceId::new("urn:s:1").unwrap()),
            role: Role::Source,
        };
        for caller in [sensor, Caller::ANONYMOUS, caller(Role::Nobody)] {
            assert!(Reader::new(&caller).is_err());
            assert!(release(&caller, &Action::ReadStatus, || 0).is_err());
        }
    }

    #[test]
    fn a_view_keeps_its_seal_when_it_changes_form() {
        let view = release(&Caller::OPERATOR, &Action::ReadStatus, || 12).unwrap();
        assert_eq!(view.map(|n| n.to_string()).into_inner(), "12");
    }
}
