//! The rules of what is shared with whom, as they stand on disk.

use crate::rows::{Change, Fields, Key, Rows, Value, table};
use twin_model::{Attribute, EntityId, EntityKind};
use twin_policy::sharing::{Choice, Form, Recipient, Rule, RuleRecord};

/// Reads all rules in order of their numbers; the table if one cannot be read.
pub(crate) fn load(rows: &dyn Rows) -> Result<Vec<RuleRecord>, u8> {
    let mut records = Vec::new();
    let mut is_damaged = false;
    rows.scan(&[table::RULE], &mut |key, value| match read(key, value) {
        Some(record) => records.push(record),
        None => is_damaged = true,
    });
    if is_damaged {
        Err(table::RULE)
    } else {
        Ok(records)
    }
}

/// The row of a rule.
pub(crate) fn row(record: &RuleRecord) -> Change {
    let rule = record.rule();
    let to = match rule.to {
        Recipient::Members => [0; 17],
        Recipient::Peer(peer) => {
            let mut to = [1; 17];
            to[1..].copy_from_slice(&peer);
            to
        }
    };
    let form = u8::from(rule.form == Form::StoreysWhenNarrow);
    let value = Value::new()
        .number(record.from())
        .number(record.until().unwrap_or(u64::MAX))
        .number(record.backfilled())
        .bytes(&to)
        .bytes(&[form, u8::from(rule.backfill)]);
    let value = put_choice(value, &rule.kinds, |kind| kind.as_str());
    let value = put_choice(value, &rule.attributes, Attribute::as_str);
    let area = rule.area.as_ref().map_or("", EntityId::as_str);
    Key::of(table::RULE)
        .number(record.id())
        .put(value.text(area))
}

fn put_choice<T>(value: Value, choice: &Choice<T>, text: impl Fn(&T) -> &str) -> Value {
    let Choice::Only(these) = choice else {
        return value.number(u64::MAX);
    };
    let value = value.number(these.len() as u64);
    these.iter().fold(value, |value, one| value.text(text(one)))
}

fn read(key: &[u8], value: &[u8]) -> Option<RuleRecord> {
    let id = Fields::of_key(key).big()?;
    let mut fields = Fields::of_value(value)?;
    let (from, until) = (fields.number()?, fields.number()?);
    let backfilled = fields.number()?;
    let (tag, peer) = (fields.u8()?, fields.array()?);
    let to = match tag {
        0 => Recipient::Members,
        _ => Recipient::Peer(peer),
    };
    let form = match fields.u8()? {
        0 => Form::Claims,
        _ => Form::StoreysWhenNarrow,
    };
    let rule = Rule {
        to,
        form,
        backfill: fields.u8()? == 1,
        kinds: get_choice(&mut fields, EntityKind::parse)?,
        attributes: get_choice(&mut fields, |text| Attribute::new(text).ok())?,
        area: match fields.text()? {
            "" => None,
            area => Some(EntityId::new(area).ok()?),
        },
    };
    let until = (until != u64::MAX).then_some(until);
    RuleRecord::restore(id, rule, from, until, backfilled).ok()
}

fn get_choice<T>(fields: &mut Fields<'_>, parse: impl Fn(&str) -> Option<T>) -> Option<Choice<T>> {
    let count = fields.number()?;
    if count == u64::MAX {
        return Some(Choice::All);
    }
    let these = (0..count).map(|_| parse(fields.text()?));
    these.collect::<Option<Vec<T>>>().map(Choice::Only)
}
