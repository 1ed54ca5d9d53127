//! How others come to belong: invitations, requests to join, and the answers.

use super::{Error, Exchange};
use crate::Env;
use crate::invitation::{Code, Invitation, Joining};
use crate::rows::{Change, Fields, Key, Rows, Value, table};
use std::collections::BTreeMap;
use twin_link::OriginId;
use zeroize::Zeroizing;

/// Invitations that are remembered; the oldest that are used or have expired go first.
const INVITATIONS_MAX: usize = 256;

/// Invitations by the number that requests name.
pub(super) type Invitations = BTreeMap<[u8; 16], Invitation>;

/// Reads the invitations; the table that is damaged otherwise.
pub(super) fn load(rows: &dyn Rows) -> Result<Invitations, u8> {
    let mut invitations = Invitations::new();
    let mut is_damaged = false;
    rows.scan(&[table::INVITATION], &mut |_, value| {
        let fields = Fields::of_value(value);
        match fields.and_then(|fields| Invitation::decode(fields.rest())) {
            Some(invitation) => {
                invitations.insert(invitation.id, invitation);
            }
            None => is_damaged = true,
        }
    });
    if is_damaged {
        return Err(table::INVITATION);
    }
    Ok(invitations)
}

fn row(invitation: &Invitation) -> Change {
    let value = Value::new().bytes(&invitation.encode());
    Key::of(table::INVITATION).bytes(&invitation.id).put(value)
}

impl Exchange {
    /// A code with which one other organisation can join within a day. Whoever has it can, so
    /// it is to be handed over where nobody listens.
    pub fn invite(&mut self, note: &str, env: &mut Env<'_>) -> Result<Code, Error> {
        self.forget_invitations(env)?;
        let (invitation, code) = Invitation::issue(self.card(), note, env.draw(), env.now)?;
        self.ledger.write(row(&invitation));
        self.invitations.insert(invitation.id, invitation);
        Ok(code)
    }

    fn forget_invitations(&mut self, env: &Env<'_>) -> Result<(), Error> {
        if self.invitations.len() < INVITATIONS_MAX {
            return Ok(());
        }
        let is_over = |i: &&Invitation| i.used_by().is_some() || i.expires < env.now;
        let over = self.invitations.values().filter(is_over);
        let oldest = over.min_by_key(|invitation| invitation.issued);
        let id = oldest.map(|invitation| invitation.id);
        let id = id.ok_or(Error::TooManyInvitations)?;
        self.invitations.remove(&id);
        let key = Key::of(table::INVITATION).bytes(&id);
        self.ledger.write(key.delete());
        Ok(())
    }

    /// Every invitation.
    pub fn invitations(&self) -> impl Iterator<Item = &Invitation> {
        self.invitations.values()
    }

    /// Whether somebody may still ask to join.
    pub fn is_inviting(&self, env: &Env<'_>) -> bool {
        let is_open = |i: &Invitation| i.expires >= env.now;
        self.invitations.values().any(is_open)
    }

    /// Somebody asks to join. The answer is to be sent once all is durable.
    pub fn admit(&mut self, request: &[u8], env: &mut Env<'_>) -> Result<Vec<u8>, Error> {
        let id = Invitation::named_in(request)?;
        let serial = self.roster.next_serial(env.now);
        let own = self.card().clone();
        let invitation = self.invitations.get_mut(&id);
        let invitation = invitation.ok_or(crate::invitation::Refused::Unknown)?;
        let admitted = invitation.admit(request, &self.secrets, &own, serial, env.now)?;
        self.ledger.write(row(invitation));
        if !admitted.statements.is_empty() {
            self.say(&admitted.statements, env)?;
        }
        Ok(admitted.answer)
    }

    /// Begins to join whoever gave the code: the request is to be sent to it.
    pub fn joining(&self, code: &Code, env: &Env<'_>) -> Result<Joining, Error> {
        let serial = self.roster.next_serial(env.now);
        Ok(Joining::begin(
            code,
            &self.secrets,
            self.card(),
            serial,
            env.now,
        )?)
    }

    /// Takes the answer to a request: both belong from now on.
    pub fn joined(
        &mut self,
        joining: &Joining,
        answer: &[u8],
        env: &mut Env<'_>,
    ) -> Result<OriginId, Error> {
        let statements = joining.finish(answer)?;
        self.say(&statements, env)?;
        let card = self.roster.card(joining.inviter()).ok_or(Error::Unknown)?;
        Ok(card.origin())
    }

    /// The secret of the organisation's authority, which certifies the node's connections.
    pub fn authority_seed(&self) -> Zeroizing<[u8; 32]> {
        self.secrets.authority_seed()
    }

    /// Tells everybody where this node is found from now on.
    pub fn move_to(&mut self, addresses: Vec<String>, env: &mut Env<'_>) -> Result<(), Error> {
        let mut particulars = self.card().particulars.clone();
        if particulars.addresses == addresses {
            return Ok(());
        }
        particulars.addresses = addresses;
        let serial = self.roster.next_serial(env.now);
        let card = self.secrets.card(particulars, serial, env.now)?;
        self.say(&[crate::Statement::Card(card.into())], env)
    }
}
