//! Two organisations through the real program: they join, share, carry, find and part.

use crate::common::{Place, Served};
use serde_json::Value;

const ROOM: &str = "urn:twin:b1:space:3";

/// A node of an organisation, with a configuration of its own.
struct Organisation {
    place: Place,
    config: String,
}

impl Organisation {
    fn new(name: &str) -> Self {
        let place = Place::new();
        let text = format!("organisation = '{name}'\n[link]\nlisten = '127.0.0.1:0'\n");
        let config = place.file("twin.toml", &text);
        Self { place, config }
    }

    fn run(&self, words: &[&str]) -> crate::common::Done {
        self.place
            .run(&[words, &["--config", &self.config]].concat())
    }

    fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--json"]].concat()).good().json()
    }

    fn serve(&self) -> Served {
        self.place.serve(&["--config", &self.config])
    }

    /// Asks again and again; each question takes the time of a process.
    fn until(&self, words: &[&str], is_so: impl Fn(&Value) -> bool) -> Value {
        let words = [words, &["--json"]].concat();
        for _ in 0..2000 {
            let done = self.run(&words);
            let lines = if done.exit == 0 {
                done.lines()
            } else {
                Vec::new()
            };
            if let Some(line) = lines.into_iter().find(&is_so) {
                return line;
            }
        }
        panic!("{words:?} never became so");
    }
}

#[test]
fn two_organisations_join_share_carry_find_and_part() {
    let (tower, brigade) = (Organisation::new("tower"), Organisation::new("brigade"));
    tower.run(&["org", "show"]).failed(3, "CLI-004");
    for (organisation, title) in [(&tower, "The tower"), (&brigade, "Fire brigade")] {
        organisation.run(&["org", "init", "--title", title]).good();
        organisation
            .run(&["org", "init", "--title", title])
            .failed(1, "API-409");
    }
    let (tower_node, _brigade_node) = (tower.serve(), brigade.serve());
    let door = std::fs::read_to_string(tower.place.path("data/link-endpoint")).unwrap();
    assert_eq!(door.lines().nth(1), Some(&*tower_node.id().to_string()));
    let shown = tower.json(&["org", "show"]);
    assert_eq!(shown["addresses"][0], door.lines().next().unwrap());

    let invitation = tower.json(&["peer", "invite", "--note", "the brigade"]);
    let code = invitation["code"].as_str().unwrap();
    let fingerprint = invitation["fingerprint"].as_str().unwrap();
    assert_eq!(shown["fingerprint"], fingerprint);
    // Nobody can be asked here.
    let asked = brigade.run(&["peer", "join", code]).failed(2, "CLI-017");
    assert!(asked.err.contains(fingerprint), "{}", asked.err);
    let other = ["peer", "join", code, "--fingerprint", "00000 11111"];
    brigade.run(&other).failed(2, "CLI-017");
    brigade
        .run(&["peer", "join", "rubbish", "--yes"])
        .failed(1, "API-422");
    let join = ["peer", "join", code, "--fingerprint", fingerprint];
    let joined = brigade.run(&join).good().out;
    assert!(joined.starts_with("tower · The tower · peer"), "{joined}");
    brigade.run(&join).failed(1, "");
    tower.run(&["peer", "invitations"]).good();

    let space = ["--kind", "space", "--attribute", "smoke"];
    tower
        .run(&[&["share", "add", "brigade"][..], &space].concat())
        .good();
    tower
        .run(&["share", "add", "members", "--kind", "building"])
        .good();
    tower.run(&["share", "add", "nobody"]).failed(1, "API-404");
    tower.run(&["share", "end", "99"]).failed(1, "API-404");
    let claims = [
        ["urn:twin:b1", "type", "building"],
        ["urn:twin:b1", "name", "Town hall"],
        [ROOM, "type", "space"],
        [ROOM, "smoke", "true"],
    ];
    for claim in claims {
        tower.place.claim(&claim).good();
    }
    let room = brigade.until(&["show", ROOM], |twin| {
        twin["attributes"]["smoke"]["value"] == true
    });
    assert_eq!(room["attributes"]["smoke"]["from"][0], "tower");
    let why = brigade.run(&["why", ROOM, "smoke"]).good().out;
    assert!(why.contains("from tower"), "{why}");
    let found = brigade.until(&["find", "town", "hall"], |twin| {
        twin["id"] == "urn:twin:b1"
    });
    assert_eq!(found["from"][0]["name"], "tower");
    let told = tower.run(&["disclosures", "--to", "brigade"]).good().out;
    assert!(told.contains("lifeSafety"), "{told}");

    carried(&tower, &brigade);

    brigade
        .run(&["peer", "remove", "nobody"])
        .failed(1, "API-404");
    tower.run(&["peer", "remove", "brigade"]).good();
    assert_eq!(tower.run(&["peer", "list"]).good().out, "");
    for organisation in [&tower, &brigade] {
        for words in [
            &["org", "show"][..],
            &["peer", "list"],
            &["share", "list", "--all"],
            &["disclosures"],
            &["link", "notices"],
            &["find", "town"],
        ] {
            let out = organisation.run(words).good().out;
            let widest = out.lines().map(|line| line.chars().count()).max();
            assert!(widest.unwrap_or(0) <= 100, "{words:?}:\n{out}");
        }
    }
}

/// A stick goes from the tower to the brigade; once it is pulled out too early.
fn carried(tower: &Organisation, brigade: &Organisation) {
    let stick = tower.place.text("stick.twin");
    let first = tower.json(&["carry", "export", &stick]);
    assert!(first["bundles"].as_u64().unwrap() > 0, "{first}");
    let again = tower.json(&["carry", "export", &stick]);
    assert_eq!(
        (&again["bundles"], &again["wentOn"]),
        (&0.into(), &true.into())
    );
    let whole = std::fs::read(&stick).unwrap();
    std::fs::write(
        &stick,
        &whole[..first["bytes"].as_u64().unwrap() as usize / 2],
    )
    .unwrap();
    let taken = brigade.run(&["carry", "import", &stick]).good();
    assert!(taken.err.contains("ends early"), "{}", taken.err);
    let rest = tower.json(&["carry", "export", &stick]);
    assert!(rest["bundles"].as_u64().unwrap() > 0, "{rest}");
    assert!(
        rest["bundles"].as_u64() < first["bundles"].as_u64(),
        "{rest}"
    );
    let taken = brigade.json(&["carry", "import", &stick]);
    assert_eq!(
        (&taken["cut"], &taken["bundles"]["refused"]),
        (&false.into(), &0.into())
    );
    // Who has it all needs nothing.
    let have = tower.place.text("brigade.have");
    brigade.run(&["carry", "have", &have]).good();
    let empty = tower.place.text("empty.twin");
    let nothing = tower.json(&["carry", "export", &empty, "--have", &have]);
    assert!(
        nothing["bundles"].as_u64() < first["bundles"].as_u64(),
        "{nothing}"
    );
    let rubbish = tower.place.file("rubbish.twin", "no bundle file");
    tower
        .run(&["carry", "export", &rubbish])
        .failed(1, "CLI-006");
    assert_eq!(std::fs::read(&rubbish).unwrap(), b"no bundle file");
    brigade
        .run(&["carry", "import", &rubbish])
        .failed(1, "API-422");
    brigade
        .run(&["carry", "import", "/nowhere"])
        .failed(1, "CLI-006");
    let of_nobody = ["carry", "export", &empty, "--of", "nobody"];
    tower.run(&of_nobody).failed(1, "API-404");
}

#[test]
fn without_an_organisation_it_is_said_what_to_do() {
    let place = Place::new();
    place.claim(&[ROOM, "name", "Room 3"]).good();
    let stick = place.text("stick.twin");
    for words in [
        &["org", "show"][..],
        &["peer", "invite"],
        &["carry", "export", &stick],
    ] {
        let done = place.run(words).failed(1, "LNK-001");
        assert!(done.err.contains("twin org init"), "{}", done.err);
    }
    assert_eq!(place.run(&["peer", "list"]).good().out, "");
    place.run(&["find", "room"]).good();
}

#[test]
fn a_door_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let place = Place::new();
    let config = place.file("twin.toml", &format!("[link]\nlisten = '{at}'\n"));
    let with = ["--config", &config];
    place
        .run(&[&["org", "init", "--title", "Tower"][..], &with].concat())
        .good();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let done = place
        .run(&[&serve[..], &with].concat())
        .failed(3, "CLI-003");
    assert!(done.err.contains(&at.to_string()), "{}", done.err);
    assert!(!place.path("data/link-endpoint").exists());
}
