//! The rules of the own organisation: one row for each thing that can be done.

use std::fmt;
use twin_model::catalogue::Sensitivity;
use twin_model::{Caller, Principal, Role, SourceId};

/// What a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// See estimates and claims of attributes of a class.
    Read(Sensitivity),
    /// See what was wrong with imported files.
    ReadFindings,
    /// See which files were imported.
    ReadImports,
    /// See how the node is: sizes, commit number, the caller's own name.
    ReadStatus,
    /// See the node's measurements of itself.
    ReadMetrics,
    /// State an observation in the caller's own name.
    ClaimAsSelf,
    /// State an observation in the name of a source.
    ClaimAs(&'a SourceId),
    /// State what a building is: types, names, which thing is part of which.
    ClaimStructure,
    /// Import a file.
    Import,
    /// Take an import back.
    UndoImport,
    /// See which sources are set aside, and why.
    ReadQuarantine,
    /// Set a source aside, or release it.
    Quarantine,
    /// Erase what was claimed about a twin.
    Erase,
    /// Copy the whole store into a directory of the node's machine.
    Backup,
    /// See, add and remove accounts.
    ManageAccounts,
    /// See, add and remove tokens of sources and programs.
    ManageTokens,
    /// Found the organisation, change its keys, revoke it.
    ManageOrganisation,
    /// Invite and admit other organisations, and remove them.
    ManagePeers,
    /// See which organisations are known, and when they were last heard.
    ReadPeers,
    /// See, add and end the rules by which claims go to other organisations.
    ManageSharing,
    /// See what went to other organisations.
    ReadDisclosures,
    /// Write what others are still owed into a file, and take such a file in.
    Carry,
    /// Look for things in what organisations announce.
    Find,
}

impl Action<'_> {
    /// The permission that the action needs of this caller.
    pub fn permission(&self, caller: &Caller) -> Permission {
        match self {
            Self::Read(Sensitivity::General) => Permission::ReadGeneral,
            Self::Read(Sensitivity::Operational) => Permission::ReadOperational,
            Self::Read(Sensitivity::Security) => Permission::ReadSecurity,
            Self::Read(Sensitivity::Personal) => Permission::ReadPersonal,
            Self::ReadFindings => Permission::ReadFindings,
            Self::ReadImports => Permission::ReadImports,
            Self::ReadStatus => Permission::ReadStatus,
            Self::ReadMetrics => Permission::ReadMetrics,
            Self::ClaimAsSelf => Permission::ClaimAsSelf,
            Self::ClaimAs(source) if is_bound_to(caller, source) => Permission::ClaimAsSelf,
            Self::ClaimAs(_) => Permission::ClaimAsAnother,
            Self::ClaimStructure => Permission::ClaimStructure,
            Self::Import => Permission::Import,
            Self::UndoImport => Permission::UndoImport,
            Self::ReadQuarantine => Permission::ReadQuarantine,
            Self::Quarantine => Permission::Quarantine,
            Self::Erase => Permission::Erase,
            Self::Backup => Permission::Backup,
            Self::ManageAccounts => Permission::ManageAccounts,
            Self::ManageTokens => Permission::ManageTokens,
            Self::ManageOrganisation => Permission::ManageOrganisation,
            Self::ManagePeers => Permission::ManagePeers,
            Self::ReadPeers => Permission::ReadPeers,
            Self::ManageSharing => Permission::ManageSharing,
            Self::ReadDisclosures => Permission::ReadDisclosures,
            Self::Carry => Permission::Carry,
            Self::Find => Permission::Find,
        }
    }
}

fn is_bound_to(caller: &Caller, source: &SourceId) -> bool {
    matches!(&caller.principal, Principal::Source(own) if own == source)
}

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Names and addresses.
    ReadGeneral,
    /// Temperature, air, smoke.
    ReadOperational,
    /// Plans, doors, ratings, and everything that is in no catalogue.
    ReadSecurity,
    /// Presence and numbers of people.
    ReadPersonal,
    /// Findings; they describe plans.
    ReadFindings,
    /// The list of imports.
    ReadImports,
    /// The node's state.
    ReadStatus,
    /// The node's measurements of itself.
    ReadMetrics,
    /// Observations in one's own name.
    ClaimAsSelf,
    /// Observations in the name of another source.
    ClaimAsAnother,
    /// What a building is.
    ClaimStructure,
    /// Import.
    Import,
    /// Taking an import back.
    UndoImport,
    /// The list of sources that are set aside.
    ReadQuarantine,
    /// Setting sources aside.
    Quarantine,
    /// Erasing.
    Erase,
    /// Backup.
    Backup,
    /// Accounts.
    ManageAccounts,
    /// Tokens.
    ManageTokens,
    /// The organisation's own identity.
    ManageOrganisation,
    /// Whom the organisation knows.
    ManagePeers,
    /// The list of organisations.
    ReadPeers,
    /// What goes to whom.
    ManageSharing,
    /// The record of what went to whom.
    ReadDisclosures,
    /// Bundle files.
    Carry,
    /// The directory of all organisations.
    Find,
}

/// One row of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What is allowed.
    pub permission: Permission,
    /// What it is called in a refusal: "may not ...".
    pub deed: &'static str,
    /// To whom it is allowed.
    pub roles: &'static [Role],
    /// Whether it also takes access to the node's own machine.
    pub needs_operator: bool,
}

const fn rule(permission: Permission, deed: &'static str, roles: &'static [Role]) -> Rule {
    Rule {
        permission,
        deed,
        roles,
        needs_operator: false,
    }
}

use Role::{Owner, Responder, Source, Steward, Viewer};

/// Everything that anyone may do. What has no row, or no fitting role in its row, is denied.
///
/// Three choices that are not obvious: a sensor may not say what a building is, because
/// one that is taken over could make the building vanish by calling it something else; a steward, who keeps the building's data, is not
/// shown where people are, for that is not needed to keep plans right; and a backup, which
/// holds everything and is written to a directory, takes the node's own command line,
/// because a stolen session must not carry the whole store away. A responder may carry
/// bundles, because they are sealed and the vehicle is the responder's.
pub static RULES: &[Rule] = &[
    rule(
        Permission::ReadGeneral,
        "see names and addresses",
        &[Viewer, Responder, Steward, Owner],
    ),
    rule(
        Permission::ReadOperational,
        "see measurements",
        &[Viewer, Responder, Steward, Owner],
    ),
    rule(
        Permission::ReadSecurity,
        "see plans and security-sensitive facts",
        &[Responder, Steward, Owner],
    ),
    rule(
        Permission::ReadPersonal,
        "see what tells about people",
        &[Responder, Owner],
    ),
    rule(
        Permission::ReadFindings,
        "see findings",
        &[Responder, Steward, Owner],
    ),
    rule(Permission::ReadImports, "see imports", &[Steward, Owner]),
    rule(
        Permission::ReadStatus,
        "see the node's state",
        &[Viewer, Responder, Steward, Owner],
    ),
    rule(
        Permission::ReadMetrics,
        "see the node's metrics",
        &[Steward, Owner],
    ),
    rule(
        Permission::ClaimAsSelf,
        "state observations",
        &[Source, Responder, Steward, Owner],
    ),
    rule(
        Permission::ClaimAsAnother,
        "state observations in the name of this source",
        &[Steward, Owner],
    ),
    rule(
        Permission::ClaimStructure,
        "state what a building is",
        &[Responder, Steward, Owner],
    ),
    rule(Permission::Import, "import files", &[Steward, Owner]),
    rule(
        Permission::UndoImport,
        "take imports back",
        &[Steward, Owner],
    ),
    rule(
        Permission::ReadQuarantine,
        "see which sources are set aside",
        &[Responder, Steward, Owner],
    ),
    rule(
        Permission::Quarantine,
        "set sources aside",
        &[Steward, Owner],
    ),
    rule(Permission::Erase, "erase claims", &[Owner]),
    Rule {
        needs_operator: true,
        ..rule(Permission::Backup, "back up the store", &[Owner])
    },
    rule(Permission::ManageAccounts, "manage accounts", &[Owner]),
    rule(Permission::ManageTokens, "manage tokens", &[Owner]),
    rule(
        Permission::ManageOrganisation,
        "found or change the organisation",
        &[Owner],
    ),
    rule(
        Permission::ManagePeers,
        "admit and remove other organisations",
        &[Steward, Owner],
    ),
    rule(
        Permission::ReadPeers,
        "see the other organisations",
        &[Viewer, Responder, Steward, Owner],
    ),
    rule(
        Permission::ManageSharing,
        "decide what others are told",
        &[Steward, Owner],
    ),
    rule(
        Permission::ReadDisclosures,
        "see what others were told",
        &[Steward, Owner],
    ),
    rule(
        Permission::Carry,
        "carry bundles",
        &[Responder, Steward, Owner],
    ),
    rule(
        Permission::Find,
        "look for things of others",
        &[Viewer, Responder, Steward, Owner],
    ),
];

/// Whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It may not, and why.
    Denied(Refusal),
}

impl Decision {
    /// Whether it may be done.
    pub fn is_allowed(&self) -> bool {
        *self == Self::Allowed
    }

    /// Goes on only if it may be done.
    pub fn require(self) -> Result<(), Refusal> {
        match self {
            Self::Allowed => Ok(()),
            Self::Denied(refusal) => Err(refusal),
        }
    }
}

/// Why something may not be done, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody knows who asks.
    #[error("nobody may do anything here without logging in or showing a token")]
    Anonymous,
    /// The role does not allow it.
    #[error("`{role}` may not {deed}; that takes {}", list(.needs))]
    Role {
        /// The caller's role.
        role: &'static str,
        /// What was wanted.
        deed: &'static str,
        /// The roles that may.
        needs: &'static [Role],
    },
    /// The role would do, but it takes the command line beside the data directory.
    #[error("only the command line on the node's own machine may {deed}")]
    Operator {
        /// What was wanted.
        deed: &'static str,
    },
}

fn list(roles: &[Role]) -> Roles<'_> {
    Roles(roles)
}

struct Roles<'a>(&'a [Role]);

impl fmt::Display for Roles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, role) in self.0.iter().enumerate() {
            let joint = if at == 0 { "" } else { " or " };
            write!(f, "{joint}`{}`", role.as_str())?;
        }
        Ok(())
    }
}

/// Whether the caller may do it: denied unless a row of [`RULES`] allows it.
pub fn decide(caller: &Caller, action: &Action) -> Decision {
    if caller.principal == Principal::Anonymous || caller.role == Role::Nobody {
        return Decision::Denied(Refusal::Anonymous);
    }
    let permission = action.permission(caller);
    let denied = |deed, needs| {
        Decision::Denied(Refusal::Role {
            role: caller.role.as_str(),
            deed,
            needs,
        })
    };
    let Some(rule) = RULES.iter().find(|rule| rule.permission == permission) else {
        return denied("do this", &[Owner]);
    };
    if !rule.roles.contains(&caller.role) || !is_credible(caller) {
        return denied(rule.deed, rule.roles);
    }
    if rule.needs_operator && caller.principal != Principal::Operator {
        return Decision::Denied(Refusal::Operator { deed: rule.deed });
    }
    Decision::Allowed
}

/// The role of a source belongs to a token that is bound to one: a person in that role
/// would have no source to speak for.
fn is_credible(caller: &Caller) -> bool {
    caller.role != Role::Source || matches!(caller.principal, Principal::Source(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn source(name: &str) -> SourceId {
        SourceId::new(name).unwrap()
    }

    fn account(role: Role) -> Caller {
        Caller {
            principal: Principal::Account("someone".into()),
            role,
        }
    }

    fn sensor() -> Caller {
        Caller {
            principal: Principal::Source(source("urn:s:1")),
            role: Role::Source,
        }
    }

    fn actions<'a>(own: &'a SourceId, other: &'a SourceId) -> Vec<Action<'a>> {
        vec![
            Action::Read(Sensitivity::General),
            Action::Read(Sensitivity::Operational),
            Action::Read(Sensitivity::Security),
            Action::Read(Sensitivity::Personal),
            Action::ReadFindings,
            Action::ReadImports,
            Action::ReadStatus,
            Action::ReadMetrics,
            Action::ClaimAsSelf,
            Action::ClaimAs(own),
            Action::ClaimAs(other),
            Action::ClaimStructure,
            Action::Import,
            Action::UndoImport,
            Action::ReadQuarantine,
            Action::Quarantine,
            Action::Erase,
            Action::Backup,
            Action::ManageAccounts,
            Action::ManageTokens,
            Action::ManageOrganisation,
            Action::ManagePeers,
            Action::ReadPeers,
            Action::ManageSharing,
            Action::ReadDisclosures,
            Action::Carry,
            Action::Find,
        ]
    }

    /// The whole table, as a person would want to check it.
    #[test]
    fn who_may_do_what() {
        let callers = [
            account(Role::Viewer),
            account(Role::Responder),
            account(Role::Steward),
            account(Role::Owner),
            Caller::OPERATOR,
            sensor(),
            Caller::ANONYMOUS,
        ];
        let (own, other) = (source("urn:s:1"), source("urn:s:2"));
        let mut table = String::from("view resp stew owner operator sensor anonymous\n");
        for action in actions(&own, &other) {
            for caller in &callers {
                let mark = if decide(caller, &action).is_allowed() {
                    '+'
                } else {
                    '.'
                };
                table.push(mark);
            }
            writeln!(table, " {action:?}").unwrap();
        }
        expect![[r"
            view resp stew owner operator sensor anonymous
            +++++.. Read(General)
            +++++.. Read(Operational)
            .++++.. Read(Security)
            .+.++.. Read(Personal)
            .++++.. ReadFindings
            ..+++.. ReadImports
            +++++.. ReadStatus
            ..+++.. ReadMetrics
            .+++++. ClaimAsSelf
            ..++++. ClaimAs(urn:s:1)
            ..+++.. ClaimAs(urn:s:2)
            .++++.. ClaimStructure
            ..+++.. Import
            ..+++.. UndoImport
            .++++.. ReadQuarantine
            ..+++.. Quarantine
            ...++.. Erase
            ....+.. Backup
            ...++.. ManageAccounts
            ...++.. ManageTokens
            ...++.. ManageOrganisation
            ..+++.. ManagePeers
            +++++.. ReadPeers
            ..+++.. ManageSharing
            ..+++.. ReadDisclosures
            .++++.. Carry
            +++++.. Find
        "]]
        .assert_eq(&table);
    }

    #[test]
    fn a_refusal_says_who_may() {
        let (own, other) = (source("urn:s:1"), source("urn:s:2"));
        let reason = |caller: &Caller, action: Action| {
            let refusal = decide(caller, &action).require().unwrap_err();
            refusal.to_string()
        };
        for (got, expected) in [
            (
                reason(&account(Role::Viewer), Action::Import),
                "`viewer` may not import files; that takes `steward` or `owner`",
            ),
            (
                reason(&sensor(), Action::ClaimAs(&other)),
                "`source` may not state observations in the name of this source; that takes \
                 `steward` or `owner`",
            ),
            (
                reason(&account(Role::Owner), Action::Backup),
                "only the command line on the node's own machine may back up the store",
            ),
            (
                reason(&Caller::ANONYMOUS, Action::ClaimAs(&own)),
                "nobody may do anything here without logging in or showing a token",
            ),
        ] {
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn every_permission_has_one_row() {
        let (own, other) = (source("urn:s:1"), source("urn:s:2"));
        for action in actions(&own, &other) {
            let permission = action.permission(&Caller::OPERATOR);
            let rows = RULES.iter().filter(|r| r.permission == permission);
            assert_eq!(rows.count(), 1, "{permission:?}");
        }
    }

    /// Taking a role away means another one below it, down to nobody; that never gives
    /// anything.
    #[test]
    fn a_lower_role_may_nothing_that_a_higher_may_not() {
        let (own, other) = (source("urn:s:1"), source("urn:s:2"));
        for (lower, higher) in [
            (Role::Viewer, Role::Responder),
            (Role::Viewer, Role::Steward),
            (Role::Responder, Role::Owner),
            (Role::Steward, Role::Owner),
            (Role::Source, Role::Owner),
        ] {
            for action in actions(&own, &other) {
                let may = |role| {
                    let principal = Principal::Source(own.clone());
                    decide(&Caller { principal, role }, &action).is_allowed()
                };
                assert!(!may(lower) || may(higher), "{lower:?} {action:?}");
                assert!(!may(Role::Nobody), "{action:?}");
            }
        }
    }

    #[test]
    fn a_person_in_the_role_of_a_source_may_nothing() {
        let (own, other) = (source("urn:s:1"), source("urn:s:2"));
        for action in actions(&own, &other) {
            assert!(!decide(&account(Role::Source), &action).is_allowed());
        }
    }

    proptest! {
        #[test]
        fn who_is_not_known_may_nothing(
            role in prop::sample::select(
                &[Owner, Steward, Responder, Viewer, Source, Role::Nobody][..]
            ),
            claimed in "urn:[a-z]{1,8}",
        ) {
            let claimed = source(&claimed);
            let caller = Caller { principal: Principal::Anonymous, role };
            for action in actions(&claimed, &claimed) {
                prop_assert!(!decide(&caller, &action).is_allowed());
            }
        }

        #[test]
        fn a_source_speaks_only_for_itself(own in "urn:[a-z]{1,3}", other in "urn:[a-z]{1,3}") {
            let (own, other) = (source(&own), source(&other));
            let caller = Caller { principal: Principal::Source(own.clone()), role: Source };
            let allowed = decide(&caller, &Action::ClaimAs(&other)).is_allowed();
            prop_assert_eq!(allowed, own == other);
        }
    }
}
