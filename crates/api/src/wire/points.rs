//! Points and what came of messages as JSON.

use super::Json;
use twin_model::Finding;
use twin_node::{PointLine, PointPage, PointSaid, PointState};

/// Most findings of one answer; the rest is counted.
const FINDINGS_MAX: usize = 100;

/// Some of many points.
pub(crate) fn page(json: &mut Json, page: &PointPage) {
    json.field("points").list(&page.points, point);
    json.field("counts").object(|json| {
        for state in PointState::ALL {
            json.field(state.as_str())
                .integer(page.counts.of(state) as u64);
        }
    });
    text_or_null(json, "next", page.next.as_ref());
}

fn point(json: &mut Json, line: &PointLine) {
    json.object(|json| {
        json.field("id").text(line.id.as_str());
        json.field("point").text(&line.point);
        json.field("observes")
            .or_null(line.observes.as_ref(), |json, (id, name)| {
                json.object(|json| {
                    json.field("id").text(id.as_str());
                    text_or_null(json, "name", name.as_ref());
                });
            });
        text_or_null(json, "attribute", line.attribute.as_ref());
        text_or_null(json, "unit", line.unit.as_ref());
        json.field("probability")
            .or_null(line.probability, Json::number);
        json.field("state").text(line.state.as_str());
        text_or_null(json, "reason", line.reason.as_ref());
        json.field("last")
            .or_null(line.last.as_ref(), |json, (said, _)| last(json, said));
        let time = line.last.as_ref().map(|(_, time)| *time);
        json.field("lastTime").or_null(time, Json::time);
        json.field("alarm").boolean(line.alarm.is_some());
        let since = line.alarm.and_then(|alarm| alarm.since);
        json.field("alarmSince").or_null(since, Json::time);
        let heard = line.alarm.map(|alarm| alarm.heard);
        json.field("alarmHeard").or_null(heard, Json::time);
        json.field("withheld").boolean(line.withheld);
    });
}

fn last(json: &mut Json, said: &PointSaid) {
    json.object(|json| {
        json.field("value").raw(&said.value.to_string());
        text_or_null(json, "unit", said.unit.as_ref());
        json.field("retained").boolean(said.retained);
    });
}

fn text_or_null(json: &mut Json, name: &'static str, text: Option<&String>) {
    json.field(name).or_null(text, |json, text| json.text(text));
}

/// What could not be read.
pub(crate) fn findings(json: &mut Json, findings: &[Finding]) {
    json.field("findingCount").integer(findings.len() as u64);
    let shown = &findings[..findings.len().min(FINDINGS_MAX)];
    json.field("findings").list(shown, |json, finding| {
        json.object(|json| {
            json.field("code").text(finding.code.as_str());
            json.field("message").text(&finding.message);
            let item = finding.location.item.as_deref();
            json.field("item").or_null(item, Json::text);
            json.field("line")
                .or_null(finding.location.line, Json::integer);
        });
    });
}
