//! Answers about other organisations: who they are, what is shared, what came of it.

use super::Json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use twin_model::SourceId;
use twin_model::naming::{ReceivedFrom, origin_of};
use twin_node::{
    Arrived, Class, ContactLine, Disclosed, Found, InvitationLine, Invited, Inviter, MemberLine,
    NoticeLine, Organisation, ShareLine,
};
use twin_policy::sharing::{Choice, Form, Recipient};

/// Who stands behind names of sources, as far as they are members.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<MemberLine>);

impl Known {
    /// These members are known.
    pub(crate) fn of(members: Vec<MemberLine>) -> Self {
        Self(members)
    }

    /// The member that a source's name names; a name alone proves nothing, so its
    /// identifier has to agree.
    fn find(&self, from: &ReceivedFrom<'_>) -> Option<&MemberLine> {
        let is_it = |member: &&MemberLine| is_named(member, from.organisation);
        let present = self
            .0
            .iter()
            .find(|member| !member.is_retired && is_it(member));
        present.or_else(|| self.0.iter().find(is_it))
    }
}

/// Whether the digits in a source's name are the first of the organisation's fingerprint.
fn is_named(member: &MemberLine, digits: &str) -> bool {
    let mut written = String::new();
    for byte in &member.fingerprint.0[..digits.len().min(32) / 2] {
        let _ = write!(written, "{byte:02x}");
    }
    written == digits
}

/// Whether any of the sources is another organisation's.
pub(crate) fn any_received<'a>(sources: impl IntoIterator<Item = &'a SourceId>) -> bool {
    sources
        .into_iter()
        .any(|source| origin_of(source).is_some())
}

/// The names of the organisations whose sources are among these, each once.
pub(crate) fn names<'a>(sources: impl Iterator<Item = &'a SourceId>) -> BTreeSet<&'a str> {
    sources
        .filter_map(origin_of)
        .map(|from| from.name)
        .collect()
}

/// `From`, of a source of another organisation; `null` of one of our own.
pub(crate) fn organisation_of(json: &mut Json, source: &SourceId, known: &Known) {
    json.or_null(origin_of(source), |json, named| from(json, &named, known));
}

fn from(json: &mut Json, named: &ReceivedFrom<'_>, known: &Known) {
    let member = known.find(named);
    json.object(|json| {
        json.field("name").text(named.name);
        let id = member.map(|member| member.id.to_string());
        json.field("id").or_null(id.as_deref(), Json::text);
        let connected = member.is_some_and(|member| member.connected_since.is_some());
        json.field("connected").boolean(connected);
        json.field("lastHeard")
            .or_null(member.and_then(|member| member.last_heard), Json::time);
    });
}

/// A twin that was found.
pub(crate) fn found(json: &mut Json, found: &Found, known: &Known) {
    json.object(|json| {
        json.field("id").text(found.id.as_str());
        json.field("kind").text(found.kind.as_str());
        json.field("name")
            .or_null(found.name.as_deref(), Json::text);
        json.field("address")
            .or_null(found.address.as_deref(), Json::text);
        json.field("place").or_null(found.place, |json, place| {
            json.object(|json| {
                json.field("latitude_deg").number(place.0);
                json.field("longitude_deg").number(place.1);
            });
        });
        json.field("distance_m")
            .or_null(found.distance_m, Json::number);
        json.field("score").number(found.score);
        json.field("sources")
            .list(&found.sources, |json, source| json.text(source.as_str()));
        let mut named: Vec<_> = found.sources.iter().filter_map(origin_of).collect();
        named.sort_by_key(|from| (from.name, from.organisation));
        named.dedup_by_key(|from| (from.name, from.organisation));
        json.field("from")
            .list(&named, |json, named| from(json, named, known));
        json.field("identities")
            .list(&found.identities, |json, (id, probability)| {
                json.object(|json| {
                    json.field("id").text(id.as_str());
                    json.field("probability").number(*probability);
                });
            });
    });
}

fn addresses(json: &mut Json, addresses: &[String]) {
    json.field("addresses")
        .list(addresses, |json, address| json.text(address));
}

/// The own organisation.
pub(crate) fn organisation(json: &mut Json, organisation: &Organisation) {
    json.object(|json| {
        json.field("name").text(&organisation.name);
        json.field("title").text(&organisation.title);
        json.field("id").text(&organisation.id.to_string());
        json.field("fingerprint")
            .text(&organisation.fingerprint.to_string());
        addresses(json, &organisation.addresses);
        json.field("since").time(organisation.since);
    });
}

/// A member.
pub(crate) fn member(json: &mut Json, member: &MemberLine) {
    json.object(|json| {
        json.field("name").text(&member.name);
        json.field("title").text(&member.title);
        json.field("id").text(&member.id.to_string());
        json.field("fingerprint")
            .text(&member.fingerprint.to_string());
        json.field("isPeer").boolean(member.is_peer);
        json.field("admittedBy")
            .or_null(member.admitted_by.as_deref(), Json::text);
        addresses(json, &member.addresses);
        json.field("since").time(member.since);
        json.field("revoked").boolean(member.is_revoked);
        json.field("retired").boolean(member.is_retired);
        json.field("removedUs")
            .or_null(member.removed_us, Json::time);
        json.field("contact").object(|json| contact(json, member));
    });
}

fn contact(json: &mut Json, member: &MemberLine) {
    json.field("connected")
        .boolean(member.connected_since.is_some());
    json.field("since")
        .or_null(member.connected_since, Json::time);
    json.field("lastHeard")
        .or_null(member.last_heard, Json::time);
    json.field("commonUntil")
        .or_null(member.common_until, Json::time);
    json.field("coarse").boolean(member.is_coarse);
    json.field("goodput_bytes_per_s")
        .or_null(member.goodput_bytes_per_s, Json::number);
    json.field("classes").list(&member.classes, contact_line);
}

fn contact_line(json: &mut Json, line: &ContactLine) {
    json.object(|json| {
        json.field("class").text(class(line.class));
        json.field("oursMissing").integer(line.ours_missing);
        json.field("oursUntil").or_null(line.ours_until, Json::time);
        json.field("theirsMissing").integer(line.theirs_missing);
        json.field("theirsUntil")
            .or_null(line.theirs_until, Json::time);
    });
}

const fn class(class: Class) -> &'static str {
    match class {
        Class::LifeSafety => "lifeSafety",
        Class::Operational => "operational",
        Class::Telemetry => "telemetry",
        Class::Bulk => "bulk",
    }
}

/// An invitation that was made, with its code.
pub(crate) fn invited(json: &mut Json, invited: &Invited) {
    json.object(|json| {
        json.field("code").text(&invited.code);
        json.field("fingerprint")
            .text(&invited.fingerprint.to_string());
        json.field("expires").time(invited.expires);
    });
}

/// An invitation in the list, without its code.
pub(crate) fn invitation(json: &mut Json, line: &InvitationLine) {
    json.object(|json| {
        json.field("note").text(&line.note);
        json.field("made").time(line.made);
        json.field("expires").time(line.expires);
        let used_by = line.used_by.map(|origin| origin.to_string());
        json.field("usedBy").or_null(used_by.as_deref(), Json::text);
    });
}

/// Who gave a code.
pub(crate) fn inviter(json: &mut Json, inviter: &Inviter) {
    json.object(|json| {
        json.field("fingerprint")
            .text(&inviter.fingerprint.to_string());
        addresses(json, &inviter.addresses);
        json.field("expires").time(inviter.expires);
    });
}

/// A sharing rule.
pub(crate) fn share(json: &mut Json, line: &ShareLine) {
    let rule = &line.rule;
    json.object(|json| {
        json.field("id").integer(line.id);
        json.field("to").text(&recipient(rule.to));
        json.field("toName").text(&line.to);
        choice(json.field("kinds"), &rule.kinds, |kind| kind.as_str());
        choice(json.field("attributes"), &rule.attributes, |name| {
            name.as_str()
        });
        json.field("area")
            .or_null(rule.area.as_ref(), |json, area| json.text(area.as_str()));
        json.field("backfill").boolean(rule.backfill);
        json.field("summaries")
            .boolean(rule.form == Form::StoreysWhenNarrow);
        json.field("standing").boolean(line.is_standing);
        json.field("firstClaim").integer(line.from);
        json.field("endClaim").or_null(line.until, Json::integer);
        json.field("backfilled").number(line.backfilled);
        json.field("sentence").text(&line.sentence);
    });
}

fn choice<T>(json: &mut Json, choice: &Choice<T>, word: impl Fn(&T) -> &str) {
    match choice {
        Choice::All => json.null(),
        Choice::Only(these) => json.list(these, |json, one| json.text(word(one))),
    }
}

/// `members`, or the id of one.
fn recipient(to: Recipient) -> String {
    match to {
        Recipient::Members => "members".to_owned(),
        // Big-endian, as an id is shown.
        Recipient::Peer(origin) => format!("{:032x}", u128::from_be_bytes(origin)),
    }
}

/// By which a disclosure is found again: the hour, the stream and the rule are its own.
pub(crate) fn disclosure_id(line: &Disclosed) -> String {
    let disclosure = &line.disclosure;
    let hour = disclosure.hour.0.div_euclid(3_600_000_000);
    format!("{hour}-{}-{}", disclosure.stream, disclosure.rule)
}

/// Whether a disclosure went to whom the text means.
pub(crate) fn is_to(line: &Disclosed, text: &str) -> bool {
    line.to.as_deref() == Some(text) || line.disclosure.to.is_some_and(|to| recipient(to) == text)
}

/// What has left.
pub(crate) fn disclosure(json: &mut Json, line: &Disclosed) {
    let told = &line.disclosure;
    json.object(|json| {
        json.field("id").text(&disclosure_id(line));
        json.field("hour").time(told.hour);
        let to = told.to.map(recipient);
        json.field("to").or_null(to.as_deref(), Json::text);
        json.field("toName").or_null(line.to.as_deref(), Json::text);
        json.field("class").text(class(told.class));
        json.field("share").integer(told.rule);
        json.field("claims").integer(told.count);
        json.field("firstClaim").integer(told.claims.0);
        json.field("lastClaim").integer(told.claims.1);
        json.field("stream").text(&told.stream.to_string());
        json.field("firstBundle").integer(told.bundles.0);
        json.field("lastBundle").integer(told.bundles.1);
    });
}

/// What was taken in from a bundle file.
pub(crate) fn arrived(json: &mut Json, arrived: &Arrived) {
    json.object(|json| {
        json.field("bundles").object(|json| {
            json.field("read").integer(arrived.read);
            json.field("new").integer(arrived.new);
            json.field("refused").integer(arrived.refused);
        });
        json.field("cut").boolean(!arrived.is_whole);
        json.field("wholeBytes").integer(arrived.whole_bytes);
    });
}

/// A notice.
pub(crate) fn notice(json: &mut Json, line: &NoticeLine) {
    json.object(|json| {
        json.field("id").integer(line.id);
        json.field("at").time(line.at);
        json.field("code").text(line.code);
        json.field("message").text(&line.message);
    });
}
