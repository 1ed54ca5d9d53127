//! What callers can ask of the link, and what they are told.

use super::seat::Seat;
use crate::error::Error;
use crate::node::{Node, permit};
use std::collections::BTreeMap;
use twin_exchange::{Card, Fingerprint, MemberView};
use twin_link::{Class, OriginId};
use twin_model::{Attribute, Caller, EntityId, EntityKind, Time};
use twin_policy::sharing::{Choice, Form, Recipient, Rule, RuleRecord};
use twin_policy::{self as policy, View};

/// The own organisation, as others see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// Its short name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its node.
    pub id: OriginId,
    /// By which people recognise it over the telephone.
    pub fingerprint: Fingerprint,
    /// Where others find its node.
    pub addresses: Vec<String>,
    /// When its card was signed.
    pub since: Time,
}

/// How things stand with one class of streams between a member and us.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContactLine {
    /// The class.
    pub class: Class,
    /// Our bundles for it that it is not known to have.
    pub ours_missing: u64,
    /// Up to when it has everything that we wrote for it.
    pub ours_until: Option<Time>,
    /// Its bundles known to exist that are not here.
    pub theirs_missing: u64,
    /// Up to when we have everything that it wrote for us.
    pub theirs_until: Option<Time>,
}

/// A member.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is told of a member for itself"
)]
pub struct MemberLine {
    /// Its short name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its node.
    pub id: OriginId,
    /// By which people recognise it.
    pub fingerprint: Fingerprint,
    /// Whether we admitted it ourselves.
    pub is_peer: bool,
    /// Who admitted it.
    pub admitted_by: Option<String>,
    /// Where its node is found.
    pub addresses: Vec<String>,
    /// When its card was signed.
    pub since: Time,
    /// Whether its organisation took its key back.
    pub is_revoked: bool,
    /// Whether its organisation has another node now.
    pub is_retired: bool,
    /// Since when it has removed us, as far as we have heard.
    pub removed_us: Option<Time>,
    /// Since when frames go back and forth; `None` while they do not.
    pub connected_since: Option<Time>,
    /// When it was last heard.
    pub last_heard: Option<Time>,
    /// Up to when both sides have all that the other wrote for it.
    pub common_until: Option<Time>,
    /// Measured on the connection, in bytes per second.
    pub goodput_bytes_per_s: Option<f64>,
    /// Whether it is told storeys now in place of rooms, because its link is too narrow.
    pub is_coarse: bool,
    /// By class.
    pub classes: Vec<ContactLine>,
}

/// An invitation, without its code.
#[derive(Debug, Clone, PartialEq)]
pub struct InvitationLine {
    /// For whom it was meant.
    pub note: String,
    /// When it was made.
    pub made: Time,
    /// When it expires.
    pub expires: Time,
    /// Who used it.
    pub used_by: Option<OriginId>,
}

/// A rule to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRule {
    /// A member's name or id; `members` for everyone.
    pub to: String,
    /// Of these kinds; `None` for all.
    pub kinds: Option<Vec<EntityKind>>,
    /// These attributes; `None` for all that are neither security-sensitive nor personal.
    pub attributes: Option<Vec<Attribute>>,
    /// Only within this twin.
    pub area: Option<EntityId>,
    /// Whether what was said before goes out too.
    pub backfill: bool,
    /// Whether storeys may be summed up while the link is narrow.
    pub may_sum_up: bool,
}

/// A rule as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareLine {
    /// Its number.
    pub id: u64,
    /// The rule.
    pub rule: Rule,
    /// Who is told, in words.
    pub to: String,
    /// Whether it is in force.
    pub is_standing: bool,
    /// The first claim that it covers as it comes in.
    pub from: u64,
    /// The first claim that it no longer covers.
    pub until: Option<u64>,
    /// How far the telling of what was said before has come, 0..=1.
    pub backfilled: f64,
    /// The rule in words.
    pub sentence: String,
}

/// A disclosure: on record before it left.
#[derive(Debug, Clone, PartialEq)]
pub struct Disclosed {
    /// Who was told, in words; `None` if nobody knows them any more.
    pub to: Option<String>,
    /// What was told.
    pub disclosure: twin_exchange::Disclosure,
}

/// A notice.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeLine {
    /// Its number.
    pub id: u64,
    /// When.
    pub at: Time,
    /// Its code.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

fn link(error: impl std::fmt::Display) -> Error {
    Error::Link(error.to_string())
}

impl Node {
    fn ask_link<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Seat) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner().link.ask(act)
    }

    /// Lets other nodes in where the configuration says so, and calls them. Returns where
    /// they are let in.
    pub fn open_links(&self) -> Result<Option<std::net::SocketAddr>, Error> {
        self.inner().link.open()
    }

    // --- belonging ------------------------------------------------------------

    /// Who this node is to others; `None` while no organisation was founded. Blocks.
    pub fn organisation(&self, caller: &Caller) -> Result<View<Option<Organisation>>, Error> {
        permit(caller, &policy::Action::ReadPeers)?;
        let organisation = self.ask_link(|seat| {
            let card = seat.exchanging(|exchange, _, _| exchange.card().clone());
            match card {
                Ok(card) => Ok(Some(organisation(&card))),
                Err(Error::NoOrganisation) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        told(caller, &policy::Action::ReadPeers, organisation)
    }

    /// Founds the organisation, once. Blocks.
    pub fn found(
        &self,
        caller: &Caller,
        title: &str,
        addresses: Vec<String>,
    ) -> Result<View<Organisation>, Error> {
        permit(caller, &policy::Action::ManageOrganisation)?;
        let title = title.to_owned();
        let founded = self.ask_link(move |seat| seat.found(&title, addresses))?;
        tracing::info!(by = ?caller.principal, "the organisation is founded");
        told(
            caller,
            &policy::Action::ManageOrganisation,
            organisation(&founded),
        )
    }

    /// A code with which one other organisation can join within a day. Blocks.
    pub fn invite(&self, caller: &Caller, note: &str) -> Result<View<Invited>, Error> {
        permit(caller, &policy::Action::ManagePeers)?;
        let note = note.to_owned();
        let invited = self.ask_link(move |seat| {
            let invited = seat.exchanging(|exchange, _, env| exchange.invite(&note, env))?;
            let code = invited.map_err(link)?;
            Ok(Invited {
                fingerprint: code.fingerprint(),
                expires: code.expires,
                code: code.text().to_string(),
            })
        })?;
        tracing::info!(by = ?caller.principal, "an invitation was made");
        told(caller, &policy::Action::ManagePeers, invited)
    }

    /// The invitations, newest first. Blocks.
    pub fn invitations(&self, caller: &Caller) -> Result<View<Vec<InvitationLine>>, Error> {
        permit(caller, &policy::Action::ManagePeers)?;
        let lines = self.ask_link(|seat| {
            seat.exchanging(|exchange, _, _| {
                let line = |invitation: &twin_exchange::Invitation| InvitationLine {
                    note: invitation.note.clone(),
                    made: invitation.issued,
                    expires: invitation.expires,
                    used_by: invitation.used_by(),
                };
                let mut lines: Vec<_> = exchange.invitations().map(line).collect();
                lines.sort_by_key(|line| std::cmp::Reverse(line.made));
                lines
            })
        })?;
        told(caller, &policy::Action::ManagePeers, lines)
    }

    /// Joins the organisation that gave the code. Blocks while it is called.
    pub fn join(&self, caller: &Caller, code: &str) -> Result<View<MemberLine>, Error> {
        permit(caller, &policy::Action::ManagePeers)?;
        let code =
            twin_exchange::Code::parse(code.trim()).map_err(|e| Error::Invalid(e.to_string()))?;
        let member = super::joining::join(&self.inner().link, &code)?;
        tracing::info!(by = ?caller.principal, %member, "joined");
        let lines = self.members(caller)?.into_inner();
        let line = lines.into_iter().find(|line| line.id == member);
        let line = line.ok_or_else(|| Error::Link("the member has gone again".to_owned()))?;
        told(caller, &policy::Action::ManagePeers, line)
    }

    /// Everyone who belongs, but us. Blocks.
    pub fn members(&self, caller: &Caller) -> Result<View<Vec<MemberLine>>, Error> {
        permit(caller, &policy::Action::ReadPeers)?;
        let lines = self.ask_link(|seat| {
            match seat.exchanging(|exchange, _, env| lines(exchange, env.now)) {
                Err(Error::NoOrganisation) => Ok(Vec::new()),
                lines => lines,
            }
        })?;
        told(caller, &policy::Action::ReadPeers, lines)
    }

    /// Ends the membership of a peer for this node. Blocks.
    pub fn remove_member(&self, caller: &Caller, member: &str) -> Result<(), Error> {
        permit(caller, &policy::Action::ManagePeers)?;
        let name = member.to_owned();
        self.ask_link(move |seat| {
            let origin = seat.member(&name)?;
            seat.exchanging(|exchange, _, env| exchange.remove(origin, env))?
                .map_err(link)
        })?;
        tracing::info!(by = ?caller.principal, member, "a member was removed");
        Ok(())
    }

    /// Gives this node new keys, by rota. What was agreed and told stays. Blocks.
    pub fn rotate_key(&self, caller: &Caller) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageOrganisation)?;
        self.ask_link(|seat| {
            seat.exchanging(|exchange, rows, env| exchange.rotate(rows, env))?
                .map_err(link)?;
            seat.after_founding()
        })?;
        tracing::info!(by = ?caller.principal, "the node has new keys");
        Ok(())
    }

    /// Takes back the keys of this node because somebody else has them. Others believe what this node itself has written so far, and nothing that
    /// comes under the old key after it. Blocks.
    pub fn revoke(&self, caller: &Caller) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageOrganisation)?;
        self.ask_link(|seat| {
            seat.exchanging(|exchange, rows, env| {
                // What waits is written first, so that it is among what is good.
                exchange.write_all(env);
                exchange.revoke_self(exchange.positions(), rows, env)
            })?
            .map_err(link)?;
            seat.after_founding()
        })?;
        tracing::warn!(by = ?caller.principal, "the key of this node was taken back");
        Ok(())
    }

    // --- sharing --------------------------------------------------------------

    /// What goes to whom, rules that have ended included. Blocks.
    pub fn shares(&self, caller: &Caller) -> Result<View<Vec<ShareLine>>, Error> {
        permit(caller, &policy::Action::ManageSharing)?;
        let lines = self.ask_link(|seat| match seat.shares() {
            Err(Error::NoOrganisation) => Ok(Vec::new()),
            lines => lines,
        })?;
        told(caller, &policy::Action::ManageSharing, lines)
    }

    /// Makes a rule. Blocks.
    pub fn share(&self, caller: &Caller, rule: NewRule) -> Result<View<ShareLine>, Error> {
        permit(caller, &policy::Action::ManageSharing)?;
        let line = self.ask_link(move |seat| seat.share(rule))?;
        tracing::info!(by = ?caller.principal, rule = line.sentence, "sharing begins");
        told(caller, &policy::Action::ManageSharing, line)
    }

    /// Ends a rule. Blocks.
    pub fn end_share(&self, caller: &Caller, id: u64) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageSharing)?;
        self.ask_link(move |seat| {
            let ended = seat.exchanging(|exchange, _, _| exchange.end_rule(id))?;
            ended.map_err(|_| Error::NotFound {
                what: "sharing rule",
                id: id.to_string(),
            })
        })?;
        tracing::info!(by = ?caller.principal, rule = id, "sharing ends");
        Ok(())
    }

    /// What has left, newest first. Blocks.
    pub fn disclosures(&self, caller: &Caller) -> Result<View<Vec<Disclosed>>, Error> {
        permit(caller, &policy::Action::ReadDisclosures)?;
        let disclosures = self.ask_link(|seat| match seat.disclosures() {
            Err(Error::NoOrganisation) => Ok(Vec::new()),
            disclosures => disclosures,
        })?;
        told(caller, &policy::Action::ReadDisclosures, disclosures)
    }

    /// What the link has to tell, newest first. Blocks.
    pub fn link_notices(&self, caller: &Caller) -> Result<View<Vec<NoticeLine>>, Error> {
        permit(caller, &policy::Action::ReadPeers)?;
        let lines = self.ask_link(|seat| {
            seat.note();
            let line = |noticed: &super::seat::Noticed| NoticeLine {
                id: noticed.id,
                at: noticed.at,
                code: noticed.notice.code(),
                message: noticed.notice.to_string(),
            };
            Ok(seat.notices.iter().rev().map(line).collect())
        })?;
        told(caller, &policy::Action::ReadPeers, lines)
    }
}

fn told<T>(caller: &Caller, action: &policy::Action<'_>, value: T) -> Result<View<T>, Error> {
    Ok(policy::release(caller, action, || value)?)
}

/// A code that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Invited {
    /// To be given to one other organisation.
    pub code: String,
    /// By which it recognises us.
    pub fingerprint: Fingerprint,
    /// When the code expires.
    pub expires: Time,
}

fn organisation(card: &Card) -> Organisation {
    Organisation {
        name: card.name().to_owned(),
        title: card.particulars.title.clone(),
        id: card.origin(),
        fingerprint: card.fingerprint(),
        addresses: card.particulars.addresses.clone(),
        since: card.issued,
    }
}

fn lines(exchange: &mut twin_exchange::Exchange, now: Time) -> Vec<MemberLine> {
    let contacts: BTreeMap<OriginId, twin_exchange::Contact> = exchange
        .contacts()
        .into_iter()
        .map(|contact| (contact.origin, contact))
        .collect();
    let goodputs = exchange.goodputs(now);
    let names: BTreeMap<Fingerprint, &str> = exchange
        .members()
        .map(|member| (member.card.fingerprint(), member.card.name()))
        .collect();
    let others = exchange
        .members()
        .filter(|m| m.card.origin() != exchange.origin());
    let mut lines: Vec<MemberLine> = others
        .map(|member| {
            line(
                &member,
                contacts.get(&member.card.origin()),
                &names,
                &goodputs,
            )
        })
        .map(|line| MemberLine {
            is_coarse: exchange.is_coarse(line.id),
            ..line
        })
        .collect();
    lines.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    lines
}

fn classes(contact: &twin_exchange::Contact) -> Vec<ContactLine> {
    let line = |class: Class| ContactLine {
        class,
        ours_missing: contact.ours_missing[class as usize],
        ours_until: contact.ours[class as usize],
        theirs_missing: contact.theirs_missing[class as usize],
        theirs_until: contact.theirs[class as usize],
    };
    Class::ALL.into_iter().map(line).collect()
}

fn line(
    member: &MemberView<'_>,
    contact: Option<&twin_exchange::Contact>,
    names: &BTreeMap<Fingerprint, &str>,
    goodputs: &BTreeMap<OriginId, f64>,
) -> MemberLine {
    let card = member.card;
    MemberLine {
        name: card.name().to_owned(),
        title: card.particulars.title.clone(),
        id: card.origin(),
        fingerprint: card.fingerprint(),
        is_peer: member.is_peer(),
        admitted_by: names.get(&member.admitted_by).map(|&name| name.to_owned()),
        addresses: card.particulars.addresses.clone(),
        since: card.issued,
        is_revoked: member.revocation.is_some(),
        is_retired: member.is_retired,
        removed_us: member.removed_us,
        connected_since: contact.and_then(|c| c.connected_since),
        last_heard: contact.and_then(|c| c.last_heard),
        common_until: contact.and_then(twin_exchange::Contact::common_until),
        goodput_bytes_per_s: goodputs.get(&card.origin()).copied(),
        is_coarse: false,
        classes: contact.map(classes).unwrap_or_default(),
    }
}

impl Seat {
    /// The member that a name or an id means.
    pub(super) fn member(&mut self, text: &str) -> Result<OriginId, Error> {
        let found: Vec<OriginId> = self.exchanging(|exchange, _, _| {
            let means = |member: &MemberView<'_>| {
                let card = member.card;
                card.origin() != exchange.origin()
                    && (card.name() == text || card.origin().to_string() == text)
            };
            let found = exchange.members().filter(means);
            found.map(|member| member.card.origin()).collect()
        })?;
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(Error::NotFound {
                what: "member",
                id: text.to_owned(),
            }),
            _ => Err(Error::Invalid(format!(
                "several members are called `{text}`; give the id of one"
            ))),
        }
    }

    fn name_of(&mut self, to: Recipient) -> String {
        let Recipient::Peer(origin) = to else {
            return "members".to_owned();
        };
        let origin = OriginId(origin);
        let name = self.exchanging(|exchange, _, _| {
            let member = exchange.members().find(|m| m.card.origin() == origin);
            member.map(|member| member.card.name().to_owned())
        });
        name.ok().flatten().unwrap_or_else(|| origin.to_string())
    }

    fn shares(&mut self) -> Result<Vec<ShareLine>, Error> {
        let records = self.exchanging(|exchange, _, _| exchange.rules().to_vec())?;
        Ok(records
            .iter()
            .map(|record| self.share_line(record))
            .collect())
    }

    fn share_line(&mut self, record: &RuleRecord) -> ShareLine {
        let to = self.name_of(record.rule().to);
        let area = record.rule().area.as_ref().map(|area| self.area_name(area));
        let backfilled = match record.left_to_backfill() {
            Some(left) => left.start as f64 / left.end.max(1) as f64,
            None => 1.0,
        };
        ShareLine {
            id: record.id(),
            rule: record.rule().clone(),
            is_standing: record.is_standing(),
            from: record.from(),
            until: record.until(),
            backfilled,
            sentence: record.rule().sentence(&to, area.as_deref()),
            to,
        }
    }

    fn area_name(&self, area: &EntityId) -> String {
        let picture = self.published.load();
        let number = picture.names.entities.find(area.as_str());
        let name = number.and_then(|n| picture.value(n, "name", picture.recorded));
        let name = name.as_ref().and_then(|name| name.as_text());
        name.map_or_else(|| format!("`{area}`"), str::to_owned)
    }

    fn share(&mut self, new: NewRule) -> Result<ShareLine, Error> {
        let to = match new.to.as_str() {
            "members" => Recipient::Members,
            name => Recipient::Peer(self.member(name)?.0),
        };
        if let Some(area) = &new.area {
            let picture = self.published.load();
            if picture.names.entities.find(area.as_str()).is_none() {
                return Err(Error::NotFound {
                    what: "twin",
                    id: area.to_string(),
                });
            }
        }
        let rule = Rule {
            to,
            kinds: new.kinds.map_or(Choice::All, Choice::Only),
            attributes: new.attributes.map_or(Choice::All, Choice::Only),
            area: new.area,
            backfill: new.backfill,
            form: if new.may_sum_up {
                Form::StoreysWhenNarrow
            } else {
                Form::Claims
            },
        };
        let picture = self.published.load_full();
        let mut random = super::seat::draw;
        let mut env = twin_exchange::Env {
            now: self.clock.now(),
            random: &mut random,
        };
        let exchange = self.exchange.as_mut().ok_or(Error::NoOrganisation)?;
        super::offer::skip(exchange, &picture, &mut env);
        let id = exchange
            .add_rule(rule)
            .map_err(|e| Error::Invalid(e.to_string()))?;
        let record = exchange
            .rules()
            .iter()
            .find(|record| record.id() == id)
            .cloned();
        let record = record.ok_or_else(|| Error::Link("the rule has gone".to_owned()))?;
        Ok(self.share_line(&record))
    }

    fn disclosures(&mut self) -> Result<Vec<Disclosed>, Error> {
        let disclosures = self.exchanging(|exchange, rows, _| exchange.disclosures(rows))?;
        let mut disclosed: Vec<Disclosed> = disclosures
            .into_iter()
            .map(|disclosure| Disclosed {
                to: disclosure.to.map(|to| self.name_of(to)),
                disclosure,
            })
            .collect();
        disclosed.reverse();
        Ok(disclosed)
    }

    /// Founds the organisation with an authority of its own.
    fn found(&mut self, title: &str, addresses: Vec<String>) -> Result<Card, Error> {
        if let Some(bad) = addresses.iter().find(|a| !crate::config::is_address(a)) {
            let why = format!("`{bad}` is no address of a node: give `wss://host:port`");
            return Err(Error::Invalid(why));
        }
        if let Err(Error::Link(why)) = self.exchanging(|_, _, _| ()) {
            return Err(Error::Link(why));
        }
        if self.exchange.is_some() {
            return Err(Error::Conflict(
                "the organisation was founded already".to_owned(),
            ));
        }
        let secrets = twin_exchange::Secrets::draw(&mut super::seat::draw);
        let now = self.clock.now();
        let name = self.config.organisation.clone();
        let seed = secrets.authority_seed();
        let authority = twin_carrier::Authority::found(&seed, &name, now).map_err(link)?;
        let particulars = twin_exchange::Particulars {
            name,
            title: title.to_owned(),
            certificate: authority.certificate().to_vec(),
            addresses: if addresses.is_empty() {
                self.config.link.addresses.clone()
            } else {
                addresses
            },
        };
        let place = self.place;
        let mut random = super::seat::draw;
        let mut env = twin_exchange::Env {
            now,
            random: &mut random,
        };
        let founded = twin_exchange::Exchange::found(secrets, particulars, place, &mut env);
        self.exchange = Some(founded.map_err(|e| Error::Invalid(e.to_string()))?);
        self.after_founding()?;
        self.exchanging(|exchange, _, _| exchange.card().clone())
    }
}
