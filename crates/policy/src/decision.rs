//! The table of who may do what, and the question asked of it.

use twin_model::catalogue::Sensitivity;
use twin_model::{Caller, Principal, Role, SourceId};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action<'a> {
    /// See that buildings, storeys, spaces and portals are there, and listen to changes.
    ReadTwins,
    /// See attributes of a sensitivity class.
    Read(Sensitivity),
    /// See what was found wrong with imported files, and the list of imports.
    ReadFindings,
    /// See how the node itself is.
    ReadStatus,
    /// Make claims in the name of a source.
    ClaimAs(&'a SourceId),
    /// Import a file.
    Import,
    /// Take an import back.
    UndoImport,
    /// Erase the claims about a twin.
    Erase,
    /// Copy the whole store.
    Backup,
    /// Make and remove accounts.
    ManageAccounts,
    /// Make and remove tokens.
    ManageTokens,
}

/// The answer, with the rule in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    permitted: bool,
    reason: &'static str,
}

impl Decision {
    /// Whether it may be done.
    pub const fn is_permitted(&self) -> bool {
        self.permitted
    }

    /// The rule that says so, for a person to read.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

/// One row of the table: these roles may do this.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    matches: fn(&Action<'_>) -> bool,
    /// Who may.
    pub roles: &'static [Role],
    /// The rule in words.
    pub words: &'static str,
}

use Role::{Owner, Responder, Source, Steward, Viewer};

/// Everything that is permitted. A steward keeps plans and measurements in order but is
/// not shown where people are: that is for responders, and for owners, who answer for
/// the node.
pub const RULES: &[Rule] = &[
    Rule {
        matches: |a| matches!(a, Action::ReadTwins),
        roles: &[Owner, Steward, Responder, Viewer],
        words: "people with an account may see that things are there",
    },
    Rule {
        matches: |a| {
            matches!(
                a,
                Action::Read(Sensitivity::General | Sensitivity::Operational)
            )
        },
        roles: &[Owner, Steward, Responder, Viewer],
        words: "people with an account may see names and how rooms are",
    },
    Rule {
        matches: |a| matches!(a, Action::Read(Sensitivity::Security)),
        roles: &[Owner, Steward, Responder],
        words: "owners, stewards and responders may see plans and doors",
    },
    Rule {
        matches: |a| matches!(a, Action::Read(Sensitivity::Personal)),
        roles: &[Owner, Responder],
        words: "owners and responders may see where people are",
    },
    Rule {
        matches: |a| matches!(a, Action::ReadFindings),
        roles: &[Owner, Steward, Responder],
        words: "owners, stewards and responders may see imports and their findings",
    },
    Rule {
        matches: |a| matches!(a, Action::ReadStatus),
        roles: &[Owner, Steward, Responder, Viewer],
        words: "people with an account may see how the node is",
    },
    Rule {
        matches: |a| matches!(a, Action::ClaimAs(_)),
        roles: &[Owner, Steward],
        words: "owners and stewards may claim in any source's name",
    },
    Rule {
        matches: |a| matches!(a, Action::Import | Action::UndoImport),
        roles: &[Owner, Steward],
        words: "owners and stewards may import files and take imports back",
    },
    Rule {
        matches: |a| {
            matches!(
                a,
                Action::Erase | Action::Backup | Action::ManageAccounts | Action::ManageTokens
            )
        },
        roles: &[Owner],
        words: "only owners may erase, back up, and manage accounts and tokens",
    },
];

const OWN_NAME: &str = "responders and sources may claim in their own name";
const DENIED: &str = "no rule permits it";

/// Whether `caller` may do `action`: denied unless a row of [`RULES`] permits it, or the
/// claim is in the caller's own name.
///
/// ```
/// use twin_model::{Caller, catalogue::Sensitivity};
/// use twin_policy::{Action, decide};
/// let plans = Action::Read(Sensitivity::Security);
/// assert!(!decide(&Caller::ANONYMOUS, &plans).is_permitted());
/// assert!(decide(&Caller::OPERATOR, &plans).is_permitted());
/// ```
pub fn decide(caller: &Caller, action: &Action<'_>) -> Decision {
    if caller.principal == Principal::Anonymous {
        return Decision {
            permitted: false,
            reason: "nobody may do anything unknown",
        };
    }
    let rule = RULES.iter().find(|rule| (rule.matches)(action));
    match rule {
        Some(rule) if rule.roles.contains(&caller.role) => Decision {
            permitted: true,
            reason: rule.words,
        },
        _ if is_own_claim(caller, action) => Decision {
            permitted: true,
            reason: OWN_NAME,
        },
        Some(rule) => Decision {
            permitted: false,
            reason: rule.words,
        },
        None => Decision {
            permitted: false,
            reason: DENIED,
        },
    }
}

/// Viewers look and do not speak; everyone else may speak for themselves.
fn is_own_claim(caller: &Caller, action: &Action<'_>) -> bool {
    let Action::ClaimAs(source) = action else {
        return false;
    };
    match (&caller.principal, caller.role) {
        (Principal::Source(own), Source | Responder) => own == *source,
        (Principal::Account(name), Responder) => {
            source.as_str().strip_prefix("urn:twin:account:") == Some(name)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(source: &SourceId) -> Vec<Action<'_>> {
        use Sensitivity::{General, Operational, Personal, Security};
        let mut all = vec![
            Action::ReadTwins,
            Action::ReadFindings,
            Action::ReadStatus,
            Action::ClaimAs(source),
            Action::Import,
            Action::UndoImport,
            Action::Erase,
            Action::Backup,
            Action::ManageAccounts,
            Action::ManageTokens,
        ];
        all.extend([General, Operational, Security, Personal].map(Action::Read));
        all
    }

    fn account(name: &str, role: Role) -> Caller {
        Caller {
            principal: Principal::Account(name.into()),
            role,
        }
    }

    /// The whole table, one line per role: what it may do of everything there is.
    #[test]
    fn each_role_may_do_exactly_this() {
        let other = SourceId::new("urn:twin:source:other").unwrap();
        let permitted = |caller: &Caller| {
            let may = |a: &Action<'_>| decide(caller, a).is_permitted();
            let names = actions(&other).into_iter().filter(may).map(|a| match a {
                Action::ClaimAs(_) => "ClaimAs".to_owned(),
                other => format!("{other:?}"),
            });
            names.collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = Role::ALL
            .into_iter()
            .map(|role| format!("{}: {}", role.as_str(), permitted(&account("x", role))))
            .collect();
        expect_test::expect![[r"
            owner: ReadTwins ReadFindings ReadStatus ClaimAs Import UndoImport Erase Backup ManageAccounts ManageTokens Read(General) Read(Operational) Read(Security) Read(Personal)
            steward: ReadTwins ReadFindings ReadStatus ClaimAs Import UndoImport Read(General) Read(Operational) Read(Security)
            responder: ReadTwins ReadFindings ReadStatus Read(General) Read(Operational) Read(Security) Read(Personal)
            viewer: ReadTwins ReadStatus Read(General) Read(Operational)
            source: "]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn nobody_may_do_nothing_whatever_role_they_pretend_to_have() {
        let source = SourceId::new("urn:twin:source:a").unwrap();
        for role in Role::ALL.into_iter().chain([Role::Nobody]) {
            let caller = Caller {
                principal: Principal::Anonymous,
                role,
            };
            for action in actions(&source) {
                assert!(
                    !decide(&caller, &action).is_permitted(),
                    "{role:?} {action:?}"
                );
            }
        }
    }

    #[test]
    fn sources_and_responders_speak_for_themselves_only() {
        let (own, other) = (
            SourceId::new("urn:twin:source:a").unwrap(),
            SourceId::new("urn:twin:source:b").unwrap(),
        );
        let sensor = Caller {
            principal: Principal::Source(own.clone()),
            role: Role::Source,
        };
        assert!(decide(&sensor, &Action::ClaimAs(&own)).is_permitted());
        assert!(!decide(&sensor, &Action::ClaimAs(&other)).is_permitted());
        let ada = SourceId::new("urn:twin:account:ada").unwrap();
        assert!(decide(&account("ada", Role::Responder), &Action::ClaimAs(&ada)).is_permitted());
        assert!(!decide(&account("bob", Role::Responder), &Action::ClaimAs(&ada)).is_permitted());
        assert!(!decide(&account("ada", Role::Viewer), &Action::ClaimAs(&ada)).is_permitted());
    }

    #[test]
    fn every_action_has_its_rule() {
        let source = SourceId::new("urn:twin:source:a").unwrap();
        for action in actions(&source) {
            let rows = RULES.iter().filter(|rule| (rule.matches)(&action)).count();
            assert_eq!(rows, 1, "{action:?}");
        }
    }
}
