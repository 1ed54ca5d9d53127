//! What can be typed wrongly, and commands that need no node.

use crate::common::{Place, run, run_with_input};

#[test]
fn every_command_explains_itself_with_examples() {
    let help = run(&["--help"]).good().out;
    let commands = help
        .split_once("Commands:\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    let names: Vec<_> = commands
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let help = run(&[name, "--help"]).good().out;
        assert!(
            help.contains("Examples:\n  twin") || help.contains("Examples:\n  gateway"),
            "{name}"
        );
    }
}

#[test]
fn wrong_words_end_with_two() {
    for words in [
        &[][..],
        &["fly"],
        &["claim"],
        &["claim", "not a uri", "temperature", "3"],
        &["claim", "urn:a", "temperature"],
        &["claim", "urn:a", "temperature", "3", "--absent"],
        &["claim", "urn:a", "temperature", "--absent", "--unit", "Cel"],
        &["claim", "urn:a", "smoke", "true", "--observed", "yesterday"],
        &["claim", "urn:a", "--file", "x"],
        &["replay", "x", "--speed", "-1"],
        &["replay", "x", "--speed", "NaN"],
        &["as-of", "urn:a", "temperature"],
        &["why", "urn:a", "tempe rature"],
        &["undo-import", "twelve"],
        &["serve", "--listen", "nowhere"],
        &["token", "add", "--label", "x"],
        &["account", "add", "ada", "--role", "king"],
        &["findings", "--severity", "grave"],
        &["erase", "urn:a"],
        &["status", "-q", "-v"],
        &["find"],
        &["find", "--near", "52.37,4.89"],
        &["find", "--near", "here,there,500"],
        &["find", "town", "--kind", "house"],
        &["org"],
        &["org", "init"],
        &["peer", "join"],
        &["peer", "remove"],
        &["share", "add"],
        &["share", "add", "members", "--kind", "house"],
        &["share", "end", "first"],
        &["carry", "export"],
        &["link"],
    ] {
        let done = run(words);
        assert_eq!(done.exit, 2, "{words:?}: {}{}", done.out, done.err);
        assert!(done.out.is_empty(), "{words:?} answered: {}", done.out);
    }
}

#[test]
fn failures_have_codes_pages_and_exit_codes() {
    let place = Place::new();
    let bad_config = place.file("twin.toml", "lissten = '127.0.0.1:1'");
    let good_config = place.file("good.toml", "organisation = 'tower'");
    let missing = place.text("missing.ndjson");
    for (words, exit, code) in [
        (&["errors", "ZZZ-999"][..], 2, "CLI-012"),
        (&["config", "check", "--config", &bad_config], 2, "CLI-007"),
        (&["status", "--config", &bad_config], 2, "CLI-007"),
        (&["config", "check", "--config", &missing], 2, "CLI-007"),
        (&["status"], 3, "CLI-004"),
        (&["why", "urn:a", "smoke"], 3, "CLI-004"),
        (&["status", "--url", "https://localhost"], 2, "CLI-009"),
        // Nobody listens on the discard port of the loopback network.
        (&["status", "--url", "http://127.0.0.1:9"], 3, "CLI-001"),
        (&["claim", "--file", &missing], 1, "CLI-006"),
        (&["import", &missing], 1, "CLI-006"),
        (&["replay", &missing], 1, "CLI-006"),
        (&["claim", "urn:a", "temperature", "warm"], 2, "CLI-016"),
        (&["erase", "urn:a", "--reason", "x"], 2, "CLI-017"),
    ] {
        let done = place.run(words).failed(exit, code);
        assert!(done.out.is_empty(), "{words:?} answered: {}", done.out);
        assert!(
            done.err.contains(&format!("more: twin errors {code}")),
            "{}",
            done.err
        );
        place.run(&["errors", code]).good();
    }
    place
        .run(&["config", "check", "--config", &good_config])
        .good();
}

#[test]
fn failures_in_json() {
    let place = Place::new();
    let done = place.run(&["status", "--json"]).failed(3, "CLI-004");
    let failure: serde_json::Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!(failure["error"]["code"], "CLI-004");
    assert!(failure["error"]["help"].is_string());
}

#[test]
fn a_password_is_never_an_argument_and_never_empty() {
    let data = Place::new();
    let words = ["account", "add", "ada", "--data", &data.data()];
    run_with_input(&words, b"\n").failed(2, "CLI-014");
    run(&["account", "add", "ada", "secret"]).failed(2, "unexpected argument");
}

#[test]
fn error_pages_and_their_list() {
    let page = run(&["errors", "cli-002"]).good().out;
    assert!(page.starts_with("# CLI-002: "), "{page}");
    let list = run(&["errors"]).good().out;
    for code in ["CLI-001", "IFC-001"] {
        assert!(list.contains(code));
    }
    let lines = run(&["errors", "--json"]).good().lines();
    assert!(lines.len() > 30 && lines.iter().all(|line| line["title"].is_string()));
}

#[test]
fn configuration_is_printed_checked_and_shown() {
    let place = Place::new();
    let default = run(&["config", "default"]).good().out;
    let file = place.file("twin.toml", &default);
    place.run(&["config", "check", "--config", &file]).good();
    let shown = run(&[
        "config", "show", "--config", &file, "--json", "--data", "/x",
    ])
    .good()
    .json();
    assert_eq!(shown["data_dir"], "/x");
    assert_eq!(shown["listen"], "127.0.0.1:8350");
    // What is shown is a configuration again.
    let shown = run(&["config", "show"]).good().out;
    let file = place.file("shown.toml", &shown);
    place.run(&["config", "check", "--config", &file]).good();
    let link = "[link]\nlisten = '0.0.0.0:8351'\naddresses = ['wss://a:1']\n\
        [link.budgets.brigade]\nbytes_per_s = 1200\n";
    let file = place.file("link.toml", link);
    let shown = run(&["config", "show", "--config", &file]).good().out;
    assert!(shown.contains("bytes_per_s = 1200"), "{shown}");
    let file = place.file("link-shown.toml", &shown);
    place.run(&["config", "check", "--config", &file]).good();
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            run(&["completions", shell])
                .good()
                .out
                .contains("undo-import"),
            "{shell}"
        );
    }
}
