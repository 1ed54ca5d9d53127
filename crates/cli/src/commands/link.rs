//! Other organisations: who they are, what goes to them, what has gone, what can be found.

use crate::args::{Disclosures, Find, OrgAction, PeerAction, Same, ShareAction};
use crate::client::{Client, Path};
use crate::commands::admin::is_confirmed;
use crate::commands::read::word;
use crate::failure::{Code, Failure, Result};
use crate::output::{Output, Paint};
use crate::text;
use serde_json::{Value, json};
use twin_model::{Attribute, EntityId};

/// Columns that a line of an answer may take.
const WIDTH: usize = 98;

/// `twin org`.
pub(crate) fn org(client: &Client, output: &Output, action: &OrgAction) -> Result<()> {
    let path = Path::new("/v1/organisation");
    let answer = match action {
        OrgAction::Init { title, addresses } => {
            client.post(&path, &json!({ "title": title, "addresses": addresses }))?
        }
        OrgAction::Keys { stolen } => client.post(
            &Path::new("/v1/organisation/keys"),
            &json!({ "stolen": stolen }),
        )?,
        OrgAction::Show => client.get(&path)?,
    };
    let organisation = &answer["organisation"];
    if organisation.is_null() {
        return Err(no_organisation());
    }
    if output.json {
        output.object(organisation);
        return Ok(());
    }
    let mut rows: Vec<(&str, String)> = [
        ("name", "name"),
        ("title", "title"),
        ("id", "id"),
        ("fingerprint", "fingerprint"),
        ("since", "since"),
    ]
    .map(|(name, key)| (name, word(&organisation[key])))
    .into();
    rows.extend(texts(&organisation["addresses"]).map(|address| ("address", address)));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    output.rows(&rows);
    Ok(())
}

fn no_organisation() -> Failure {
    Failure {
        code: "LNK-001".to_owned(),
        ..Failure::new(Code::NotConfirmed, "no organisation was founded")
    }
    .help("`twin org init --title TITLE` founds it")
    .failed()
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().map(word)
}

/// `twin peer`.
pub(crate) fn peer(client: &Client, output: &Output, action: &PeerAction) -> Result<()> {
    let members = Path::new("/v1/members");
    match action {
        PeerAction::Invite { note } => invite(client, output, note),
        PeerAction::Join {
            code,
            fingerprint,
            yes,
        } => join(client, output, code, fingerprint.as_deref(), *yes),
        PeerAction::List => {
            let answer = client.get(&members)?;
            list(output, &answer["members"], print_member);
            Ok(())
        }
        PeerAction::Invitations => {
            let answer = client.get(&Path::new("/v1/invitations"))?;
            list(output, &answer["invitations"], print_invitation);
            Ok(())
        }
        PeerAction::Remove { member } => {
            client.delete(&members.part(member))?;
            output.say(&format!(
                "nothing more goes to `{member}` or is taken from it"
            ));
            Ok(())
        }
    }
}

fn list(output: &Output, items: &Value, print: impl Fn(&Output, &Value)) {
    let items = items.as_array().map_or(&[][..], Vec::as_slice);
    if output.json {
        output.objects(items);
    } else {
        for item in items {
            print(output, item);
        }
    }
}

fn invite(client: &Client, output: &Output, note: &str) -> Result<()> {
    let answer = client.post(&Path::new("/v1/invitations"), &json!({ "note": note }))?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    output.say(&format!(
        "for one organisation, until {}; read your fingerprint to them: {}",
        word(&answer["expires"]),
        word(&answer["fingerprint"])
    ));
    output.answer(&word(&answer["code"]));
    Ok(())
}

fn join(
    client: &Client,
    output: &Output,
    code: &str,
    expected: Option<&str>,
    yes: bool,
) -> Result<()> {
    let members = Path::new("/v1/members");
    let seen = client.post(&members, &json!({ "code": code, "look": true }))?;
    let inviter = &seen["inviter"];
    let fingerprint = word(&inviter["fingerprint"]);
    let not = |message: &str| Failure::new(Code::NotConfirmed, message);
    if expected.is_some_and(|expected| digits(expected) != digits(&fingerprint)) {
        let message = format!("nothing was joined: the code is of another, {fingerprint}");
        return Err(not(&message).help("telephone whoever gave it to you before you go on"));
    }
    if !yes && expected.is_none() {
        output.say(&format!("the code was given by     {fingerprint}"));
        for address in texts(&inviter["addresses"]) {
            output.say(&format!("whose node is found at    {address}"));
        }
        if !is_confirmed("Do they read the same digits to you? [y/N] ") {
            return Err(not("nothing was joined: nobody confirmed")
                .help("compare the fingerprint; give --fingerprint or --yes in scripts"));
        }
    }
    let answer = client.post(&members, &json!({ "code": code }))?;
    if output.json {
        output.object(&answer["member"]);
    } else {
        print_member(output, &answer["member"]);
    }
    Ok(())
}

/// Without what people put between digits.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn print_member(output: &Output, member: &Value) {
    let contact = &member["contact"];
    let mut parts = vec![
        output.paint(Paint::Bold, &word(&member["name"])),
        word(&member["title"]),
    ];
    parts.push(
        match (&member["revoked"], &member["retired"], &member["isPeer"]) {
            (Value::Bool(true), ..) => "took its key back".to_owned(),
            (_, Value::Bool(true), _) => "has another node now".to_owned(),
            _ if member["removedUs"].is_string() => {
                format!("removed by them since {}", word(&member["removedUs"]))
            }
            (_, _, Value::Bool(true)) => "peer".to_owned(),
            _ => format!("member through {}", word(&member["admittedBy"])),
        },
    );
    output.answer(&parts.join(" · "));
    output.answer(&format!("  fingerprint {}", word(&member["fingerprint"])));
    output.answer(&format!("  id          {}", word(&member["id"])));
    for address in texts(&member["addresses"]) {
        output.answer(&format!("  address     {address}"));
    }
    output.answer(&format!("  contact     {}", contact_words(contact)));
    if !contact["commonUntil"].is_null() {
        let until = word(&contact["commonUntil"]);
        output.answer(&format!(
            "  common      the same on both sides until {until}"
        ));
    }
    for line in contact["classes"].as_array().into_iter().flatten() {
        output.answer(&format!(
            "  {:<11} {}",
            word(&line["class"]),
            class_words(line)
        ));
    }
}

fn contact_words(contact: &Value) -> String {
    match (&contact["connected"], &contact["lastHeard"]) {
        (Value::Bool(true), _) => format!("connected since {}", word(&contact["since"])),
        (_, Value::Null) => "never heard".to_owned(),
        (_, at) => format!("last heard {}", word(at)),
    }
}

fn class_words(line: &Value) -> String {
    let side = |missing: &str, until: &str, whose: &str| match line[missing].as_u64() {
        Some(0) => format!("{whose} all there"),
        _ => format!(
            "{whose} {} missing, whole until {}",
            word(&line[missing]),
            word(&line[until])
        ),
    };
    let ours = side("oursMissing", "oursUntil", "ours");
    format!("{ours}; {}", side("theirsMissing", "theirsUntil", "theirs"))
}

fn print_invitation(output: &Output, line: &Value) {
    let used = match &line["usedBy"] {
        Value::Null => format!("until {}", word(&line["expires"])),
        by => format!("used by {}", word(by)),
    };
    output.answer(&format!("{}  {used}", word(&line["made"])));
    if line["note"] != "" {
        output.answer(&format!("  {}", word(&line["note"])));
    }
}

/// `twin share`.
pub(crate) fn share(client: &Client, output: &Output, action: &ShareAction) -> Result<()> {
    let shares = Path::new("/v1/shares");
    match action {
        ShareAction::List { all } => {
            let mut answer = client.get(&shares)?;
            if let Some(lines) = answer["shares"].as_array_mut() {
                lines.retain(|line| *all || line["standing"] == true);
            }
            list(output, &answer["shares"], print_share);
        }
        ShareAction::Add {
            to,
            kinds,
            attributes,
            area,
            backfill,
            summaries,
        } => {
            let names: Vec<&str> = attributes.iter().map(Attribute::as_str).collect();
            let body = json!({
                "to": to,
                "kinds": (!kinds.is_empty()).then_some(kinds),
                "attributes": (!names.is_empty()).then_some(names),
                "area": area.as_ref().map(EntityId::as_str),
                "backfill": backfill,
                "summaries": summaries,
            });
            let answer = client.post(&shares, &body)?;
            if output.json {
                output.object(&answer["share"]);
            } else {
                print_share(output, &answer["share"]);
            }
        }
        ShareAction::End { id } => {
            client.delete(&shares.part(&id.to_string()))?;
            output.say(&format!("rule {id} has ended; what has left has left"));
        }
    }
    Ok(())
}

fn print_share(output: &Output, share: &Value) {
    let mut head = format!("{}  to {}", word(&share["id"]), word(&share["toName"]));
    if share["standing"] != true {
        head.push_str(" · has ended");
    }
    if let Some(share) = share["backfilled"].as_f64().filter(|share| *share < 1.0) {
        head = format!(
            "{head} · {:.0} % of what was said before is out",
            share * 100.0
        );
    }
    output.answer(&head);
    for line in text::wrapped(&word(&share["sentence"]), WIDTH - 3) {
        output.answer(&format!("   {line}"));
    }
}

/// `twin disclosures`.
pub(crate) fn disclosures(client: &Client, output: &Output, args: &Disclosures) -> Result<()> {
    let path = Path::new("/v1/disclosures").query_if("to", args.to.as_ref());
    let head = ["hour", "to", "class", "rule", "claims", "bundles"];
    let mut rows = vec![head.map(|word| output.paint(Paint::Faint, word)).to_vec()];
    client.each(&path, "disclosures", |line| {
        if output.json {
            output.object(line);
        } else {
            rows.push(disclosure_row(line));
        }
        Ok(())
    })?;
    if rows.len() > 1 {
        output.rows(&rows);
    }
    output.say(&text::count(rows.len() as u64 - 1, "disclosure"));
    Ok(())
}

fn disclosure_row(line: &Value) -> Vec<String> {
    // Hours begin on the hour: seconds say nothing.
    let hour: String = word(&line["hour"]).chars().take(16).collect();
    let bundles = format!("{}–{}", line["firstBundle"], line["lastBundle"]);
    vec![
        hour,
        word(&line["toName"]),
        word(&line["class"]),
        word(&line["share"]),
        word(&line["claims"]),
        bundles,
    ]
}

/// `twin link notices`.
pub(crate) fn notices(client: &Client, output: &Output) -> Result<()> {
    client.each(&Path::new("/v1/link/notices"), "notices", |line| {
        if output.json {
            output.object(line);
        } else {
            output.answer(&format!("{}  {}", word(&line["at"]), word(&line["code"])));
            for line in text::wrapped(&word(&line["message"]), WIDTH - 3) {
                output.answer(&format!("   {line}"));
            }
        }
        Ok(())
    })
}

/// `twin same`.
pub(crate) fn same(client: &Client, output: &Output, args: &Same) -> Result<()> {
    let probability = (!args.not).then_some(args.probability);
    let request = json!({
        "one": args.one.as_str(),
        "other": args.other.as_str(),
        "probability": probability,
        "reason": args.reason,
    });
    let answer = client.post(&Path::new("/v1/identities"), &request)?;
    if output.json {
        output.object(&answer);
    } else {
        output.answer(&word(&answer["identity"]));
    }
    Ok(())
}

/// `twin find`.
pub(crate) fn find(client: &Client, output: &Output, args: &Find) -> Result<()> {
    let text = (!args.text.is_empty()).then(|| args.text.join(" "));
    let path = Path::new("/v1/find")
        .query_if("text", text)
        .query_if("near", args.near.as_ref())
        .query_if("kind", args.kind.as_ref());
    let answer = client.get(&path)?;
    list(output, &answer["found"], print_found);
    let count = answer["found"].as_array().map_or(0, Vec::len);
    output.say(&format!("{} found", text::count(count as u64, "twin")));
    Ok(())
}

fn print_found(output: &Output, twin: &Value) {
    let mut parts = vec![match &twin["name"] {
        Value::Null => "no name".to_owned(),
        name => output.paint(Paint::Bold, &word(name)),
    }];
    parts.push(word(&twin["kind"]));
    parts.extend(
        twin["distance_m"]
            .as_f64()
            .map(|m| format!("{m:.0} m away")),
    );
    for from in twin["from"].as_array().into_iter().flatten() {
        let heard = match (&from["connected"], &from["lastHeard"]) {
            (Value::Bool(true), _) => "connected".to_owned(),
            (_, Value::Null) => "out of contact".to_owned(),
            (_, at) => format!("last heard {}", word(at)),
        };
        parts.push(format!("from {} ({heard})", word(&from["name"])));
    }
    output.answer(&parts.join(" · "));
    if !twin["address"].is_null() {
        output.answer(&format!("  {}", word(&twin["address"])));
    }
    if !twin["place"].is_null() {
        let place = &twin["place"];
        output.answer(&format!(
            "  {}, {}",
            place["latitude_deg"], place["longitude_deg"]
        ));
    }
    output.answer(&format!("  {}", word(&twin["id"])));
    for one in twin["identities"].as_array().into_iter().flatten() {
        let probability = one["probability"].as_f64().unwrap_or(0.0);
        let probability = text::number(probability, 3);
        output.answer(&format!(
            "  the same as {} (probability {probability})",
            word(&one["id"])
        ));
    }
}
