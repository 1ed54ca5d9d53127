//! Running a node: accounts, tokens, backup, erasure.

use crate::args::{AccountAction, Backup, Erase, TokenAction};
use crate::client::{Client, Path};
use crate::commands::read::word;
use crate::failure::{Code, Failure, Result, io_words};
use crate::output::{Output, harmless};
use crate::text;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal, Write};

/// Longest password read from standard input.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// `twin token`.
pub(crate) fn token(client: &Client, output: &Output, action: &TokenAction) -> Result<()> {
    let tokens = Path::new("/v1/tokens");
    match action {
        TokenAction::Add {
            source,
            role,
            label,
        } => {
            let role = role.as_deref().unwrap_or("source");
            let mut body = json!({ "role": role, "label": label });
            if let Some(source) = source {
                body["source"] = json!(source.as_str());
            }
            let answer = client.post(&tokens, &body)?;
            if output.json {
                output.object(&answer);
            } else {
                output.say("the secret is shown once; keep it like a password");
                output.answer(answer["secret"].as_str().unwrap_or_default());
            }
        }
        TokenAction::List => {
            let answer = client.get(&tokens)?;
            list(
                output,
                &answer["tokens"],
                &["id", "role", "source", "created", "label"],
            );
        }
        TokenAction::Remove { id } => {
            client.delete(&tokens.part(id))?;
            output.say(&format!("token {id} is invalid now"));
        }
    }
    Ok(())
}

/// `twin account`. The password of a new one was asked for before.
pub(crate) fn account(
    client: &Client,
    output: &Output,
    action: &AccountAction,
    password: Option<&str>,
) -> Result<()> {
    let accounts = Path::new("/v1/accounts");
    match action {
        AccountAction::Add { name, role } => {
            let body = json!({ "name": name, "password": password, "role": role });
            client.post(&accounts, &body)?;
            output.say(&format!("`{name}` can log in as {role}"));
        }
        AccountAction::List => {
            let answer = client.get(&accounts)?;
            list(output, &answer["accounts"], &["name", "role"]);
        }
        AccountAction::Remove { name } => {
            client.delete(&accounts.part(name))?;
            output.say(&format!("`{name}` can no longer log in"));
        }
    }
    Ok(())
}

fn list(output: &Output, items: &Value, keys: &[&str]) {
    let items = items.as_array().cloned().unwrap_or_default();
    if output.json {
        output.objects(&items);
        return;
    }
    let row = |item: &Value| keys.iter().map(|key| word(&item[*key])).collect();
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    output.rows(&rows);
}

/// The password of a new account: asked twice without echo, or one line of
/// standard input. Never an argument, which every user of the machine can read.
pub(crate) fn new_password() -> Result<String> {
    let bad = |message: &str| Failure::new(Code::Password, message);
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        let mut input = std::io::Read::take(std::io::stdin().lock(), PASSWORD_BYTES_MAX);
        input
            .read_line(&mut line)
            .map_err(|cause| bad(&io_words(&cause)))?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        return if password.is_empty() {
            Err(bad("no password on standard input"))
        } else {
            Ok(password)
        };
    }
    let ask =
        |prompt: &str| rpassword::prompt_password(prompt).map_err(|cause| bad(&io_words(&cause)));
    let password = ask("Password: ")?;
    if password != ask("Once more: ")? {
        return Err(bad("the two passwords differ"));
    }
    Ok(password)
}

/// `twin backup`.
pub(crate) fn backup(client: &Client, output: &Output, args: &Backup) -> Result<()> {
    // The node may have another working directory than the shell.
    let directory = std::path::absolute(&args.directory)
        .map_err(|cause| Failure::file(&args.directory, &cause))?;
    let directory = directory.display().to_string();
    let answer = client.post(
        &Path::new("/v1/backups"),
        &json!({ "directory": directory }),
    )?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    let size = answer["bytes"]
        .as_f64()
        .map_or(String::new(), |b| format!(", {}", text::bytes(b)));
    output.answer(&format!(
        "{directory}: commit {}{size}",
        word(&answer["commit"])
    ));
    Ok(())
}

/// Asks whether to erase; `--yes` has answered already.
pub(crate) fn confirm_erasure(args: &Erase) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    let not = || {
        Failure::new(Code::NotConfirmed, "nothing was erased: nobody confirmed")
            .help("an erasure cannot be taken back; give --yes where nobody can be asked")
    };
    let question = format!("Erase all claims about `{}` for ever? [y/N] ", args.entity);
    if is_confirmed(&question) {
        Ok(())
    } else {
        Err(not())
    }
}

/// Whether a person says yes; where nobody can be asked, nobody does.
pub(crate) fn is_confirmed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// `twin erase`.
pub(crate) fn erase(client: &Client, output: &Output, args: &Erase) -> Result<()> {
    let body = json!({ "entity": args.entity.as_str(), "reason": args.reason });
    let answer = client.post(&Path::new("/v1/erasures"), &body)?;
    if output.json {
        output.object(&answer);
    } else {
        let entity = harmless(args.entity.as_str());
        output.answer(&format!(
            "{} claims about {entity} erased",
            word(&answer["claims"])
        ));
    }
    Ok(())
}
