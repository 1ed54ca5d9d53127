//! The page repeats a few facts of the model in its own language; these tests hold the
//! two together.

use twin_model::catalogue::Sensitivity;
use twin_model::{Catalogue, EntityKind, Estimator};

fn source(path: &str) -> String {
    let path = format!("{}/web/src/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

#[test]
fn every_finding_code_is_explained_in_both_languages() {
    let codes = source("text/codes.ts");
    for code in twin_model::Code::ALL {
        let entries = codes.matches(&format!("'{}':", code.as_str())).count();
        assert_eq!(entries, 2, "{}", code.as_str());
    }
}

#[test]
fn every_status_and_flag_has_a_word() {
    let (api, text) = (source("model/api.ts"), source("text/en.ts"));
    for summary in twin_model::Summary::ALL {
        assert!(api.contains(&format!("'{}'", summary.as_str())));
    }
    for flag in twin_model::Flag::ALL {
        assert!(
            text.contains(&format!("{}: '", flag.as_str())),
            "{}",
            flag.as_str()
        );
    }
}

#[test]
fn every_attribute_of_spaces_and_portals_has_a_name() {
    let text = source("text/en.ts");
    for spec in Catalogue::BUILT_IN.iter() {
        assert!(text.contains(&format!("{}: '", spec.name)), "{}", spec.name);
    }
}

#[test]
fn the_page_ages_live_attributes_as_the_catalogue_does() {
    let quantities = source("model/quantity.ts");
    for spec in Catalogue::BUILT_IN.iter() {
        let Some(stale_after_s) = spec.stale_after_s else {
            continue;
        };
        assert!(!matches!(spec.estimator, Estimator::Static { .. }));
        assert!(
            spec.kinds
                .iter()
                .all(|kind| matches!(kind, EntityKind::Space | EntityKind::Portal))
        );
        let stated = quantities
            .lines()
            .find(|line| line.contains(&format!("id: '{}'", spec.name)))
            .and_then(|line| line.split("staleAfter_s: ").nth(1))
            .or_else(|| quantities.split(&format!("\n  {}: ", spec.name)).nth(1))
            .unwrap_or_else(|| panic!("`{}` is not aged by the page", spec.name));
        let digits: String = stated.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!(
            digits.parse::<f64>().ok(),
            Some(stale_after_s),
            "{}",
            spec.name
        );
    }
}

#[test]
fn what_can_be_shared_is_as_delicate_as_the_catalogue_says() {
    let sharing = source("model/sharing.ts");
    let list = |word: &str| {
        let start = format!("  {word}: [");
        let (_, rest) = sharing.split_once(&start).expect("the list");
        rest.split_once(']').expect("its end").0
    };
    for spec in Catalogue::BUILT_IN.iter() {
        let word = match spec.sensitivity {
            Sensitivity::General | Sensitivity::Operational => "harmless",
            Sensitivity::Security => "security",
            Sensitivity::Personal => "personal",
        };
        let name = format!("'{}'", spec.name);
        assert!(list(word).contains(&name), "{name} is not {word}");
    }
}
