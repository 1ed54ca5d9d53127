//! Commands that need no node: configuration, completions, error pages.

use crate::args::{Arguments, Completions, ConfigAction, Errors, Global};
use crate::failure::{Code, Failure, Result};
use crate::output::{Output, harmless};
use crate::pages;
use crate::reach::configuration;
use clap::CommandFactory;
use serde_json::{Map, Value, json};
use twin_node::Config;
use twin_node::config::Budget;

/// `twin config`.
pub(crate) fn config(global: &Global, output: &Output, action: ConfigAction) -> Result<()> {
    match action {
        ConfigAction::Default => output.answer(twin_node::config::DEFAULT_TOML.trim_end()),
        ConfigAction::Show => show(output, &configuration(global)?),
        ConfigAction::Check => {
            configuration(global)?;
            let what = global
                .config
                .as_ref()
                .map_or("the default".to_owned(), |path| {
                    format!("`{}`", path.display())
                });
            output.say(&format!("{what} is right"));
        }
    }
    Ok(())
}

fn show(output: &Output, config: &Config) {
    let all = as_json(config);
    if output.json {
        return output.object(&all);
    }
    let (tables, plain): (Vec<_>, Vec<_>) = all
        .as_object()
        .into_iter()
        .flatten()
        .partition(|(_, value)| value.is_object());
    for (name, value) in plain {
        output.answer(&format!("{name} = {value}"));
    }
    for (name, table) in tables {
        output.answer(&format!("\n[{name}]"));
        for (name, value) in table.as_object().into_iter().flatten() {
            output.answer(&format!("{name} = {}", toml(value)));
        }
    }
}

/// As it stands in the file; all but tables are written as in JSON.
fn toml(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return value.to_string();
    };
    let field = |(name, value): (&String, &Value)| format!("{name} = {}", toml(value));
    let fields: Vec<_> = fields.iter().map(field).collect();
    format!("{{{}}}", fields.join(", "))
}

/// Every option by its name in the file.
fn as_json(config: &Config) -> Value {
    let Config {
        data_dir,
        organisation,
        listen,
        disk_budget_bytes,
        memory_budget_bytes,
        import_bytes_max,
        snapshot_claims,
        retention,
        session_idle_s,
        link,
        mqtt,
    } = config;
    let budget = |(name, budget): (&String, &Budget)| {
        let told = json!({ "bytes_per_s": budget.bytes_per_s, "frame_bytes": budget.frame_bytes });
        (name.clone(), told)
    };
    let budgets: Map<String, Value> = link.budgets.iter().map(budget).collect();
    let mut link = json!({
        "addresses": link.addresses,
        "carried_bytes_max": link.carried_bytes_max,
        "budgets": budgets,
        "listen": link.listen.map(|listen| listen.to_string()),
    });
    if let Some(link) = link.as_object_mut() {
        // In the file, nowhere is said by leaving it out.
        link.retain(|_, value| !value.is_null());
    }
    json!({
        "data_dir": data_dir.display().to_string(),
        "organisation": organisation,
        "listen": listen.to_string(),
        "disk_budget_bytes": disk_budget_bytes,
        "memory_budget_bytes": memory_budget_bytes,
        "import_bytes_max": import_bytes_max,
        "snapshot_claims": snapshot_claims,
        "session_idle_s": session_idle_s,
        "retention": {
            "structure_days": retention.structure_days,
            "telemetry_days": retention.telemetry_days,
            "personal_days": retention.personal_days,
        },
        "link": link,
        "mqtt": mqtt,
    })
}

/// `twin completions`.
pub(crate) fn completions(output: &Output, args: &Completions) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "twin", &mut script);
    output.answer(String::from_utf8_lossy(&script).trim_end());
}

/// `twin errors`.
pub(crate) fn errors(output: &Output, args: &Errors) -> Result<()> {
    let Some(code) = &args.code else {
        list(output);
        return Ok(());
    };
    let page = pages::page(code).ok_or_else(|| {
        Failure::new(
            Code::NoSuchPage,
            format!("there is no code `{}`", harmless(code)),
        )
        .help("`twin errors` lists them all")
    })?;
    if output.json {
        output.object(&json!({ "code": code.to_uppercase(), "page": page }));
    } else {
        output.answer(page.trim_end());
    }
    Ok(())
}

fn list(output: &Output) {
    if output.json {
        for (code, page) in pages::PAGES {
            output.object(&json!({ "code": code, "title": pages::title(page) }));
        }
        return;
    }
    let row = |(code, page): &(&str, &str)| vec![(*code).to_owned(), pages::title(page).to_owned()];
    let rows: Vec<_> = pages::PAGES.iter().map(row).collect();
    output.rows(&rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_in_force() {
        // The page of defaults names every option; none may be missing from `config show`.
        let shown = as_json(&Config::default());
        let shown = shown.as_object().unwrap();
        let names = twin_node::config::DEFAULT_TOML.lines().filter_map(|line| {
            let (name, _) = line.split_once(" = ")?;
            (!line.starts_with('#')).then_some(name)
        });
        for name in names {
            let inside = shown.values().any(|value| value.get(name).is_some());
            assert!(inside || shown.contains_key(name), "{name}");
        }
    }
}
