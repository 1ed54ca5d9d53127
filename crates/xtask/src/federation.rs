//! Several organisations on one machine, each a real node with a data directory of its
//! own, that have joined each other and can be cut off from each other.
//!
//! Everything is done as a person would: over the HTTP interface, with a code that one
//! gives to the other. An organisation that others can call has a wire in front of it,
//! which is the only address that anybody knows.

pub(crate) mod comparison;

use crate::node::{self, Node};
use crate::wire::Wire;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a node writes that it lets others in.
const LINK_ENDPOINT: &str = "link-endpoint";
/// Between two looks at the same thing.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long a node may take to open its door.
const DOOR_MAX: Duration = Duration::from_mins(1);

/// Asks until there is an answer, for so long at most.
pub(crate) fn until<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            bail!("{what}: not within {} s", patience.as_secs());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Writes the configuration of an organisation that others reach over a wire, or of one
/// that only calls others.
pub(crate) fn configure(data: &Path, name: &str, wire: Option<&Wire>) -> Result<()> {
    std::fs::create_dir_all(data)?;
    let link = match wire {
        Some(wire) => format!(
            "listen = \"127.0.0.1:0\"\naddresses = [\"wss://{}\"]\n",
            wire.address
        ),
        None => String::new(),
    };
    let config = format!("organisation = \"{name}\"\n\n[link]\n{link}");
    std::fs::write(data.join(node::CONFIG), config)?;
    Ok(())
}

/// Starts a node and leads its wire to where it lets others in. An organisation is founded
/// if there is none yet.
pub(crate) fn start(binary: &Path, data: &Path, name: &str, wire: Option<&Wire>) -> Result<Node> {
    let door = data.join(LINK_ENDPOINT);
    // One of an earlier process leads nowhere.
    let _ = std::fs::remove_file(&door);
    let node = Node::start(binary, data)?;
    found(&node, name)?;
    if let Some(wire) = wire {
        lead(wire, data)?;
    }
    Ok(node)
}

/// Founds the organisation of a node, once.
pub(crate) fn found(node: &Node, name: &str) -> Result<()> {
    if node.get("/v1/organisation")?["organisation"].is_null() {
        let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        node.post("/v1/organisation", &json!({"title": title}))?;
    }
    Ok(())
}

/// Leads a wire to where the node of a data directory lets others in now.
pub(crate) fn lead(wire: &Wire, data: &Path) -> Result<()> {
    let door = data.join(LINK_ENDPOINT);
    let address = until(DOOR_MAX, "the node opens its door", || {
        let said = std::fs::read_to_string(&door).unwrap_or_default();
        let line = said.lines().next().unwrap_or_default();
        Ok(line.trim_start_matches("wss://").parse().ok())
    })?;
    wire.lead_to(address);
    Ok(())
}

/// The guest joins the host by a code; from then on each is the other's peer.
pub(crate) fn join(host: &Node, guest: &Node) -> Result<()> {
    let invitation = host.post("/v1/invitations", &json!({"note": "a neighbour"}))?;
    let code = invitation["code"]
        .as_str()
        .context("an invitation without a code")?;
    guest.post("/v1/members", &json!({"code": code}))?;
    Ok(())
}

/// What is to be shared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share<'a> {
    /// Name of a member, or `members`.
    pub to: &'a str,
    /// All if there are none.
    pub kinds: &'a [&'a str],
    /// All that tells nothing about people or plans if there are none.
    pub attributes: &'a [&'a str],
    /// Whether what was said before goes out too.
    pub backfill: bool,
}

/// Makes a rule.
pub(crate) fn share(node: &Node, share: Share<'_>) -> Result<()> {
    let to = match share.to {
        "members" => share.to.to_owned(),
        name => text(&member(node, name)?, "id"),
    };
    let all = |names: &[&str]| (!names.is_empty()).then(|| json!(names));
    let rule = json!({
        "to": to,
        "kinds": all(share.kinds),
        "attributes": all(share.attributes),
        "area": null,
        "backfill": share.backfill,
    });
    node.post("/v1/shares", &rule)?;
    Ok(())
}

/// What a node tells of another member.
pub(crate) fn member(node: &Node, name: &str) -> Result<Value> {
    let mut members = node.get("/v1/members")?;
    let members = members["members"].as_array_mut().context("no members")?;
    let found = members.iter_mut().find(|member| member["name"] == name);
    Ok(found
        .with_context(|| format!("`{name}` is no member"))?
        .take())
}

/// Whether frames go back and forth between a node and a member.
pub(crate) fn is_connected(node: &Node, name: &str) -> Result<bool> {
    Ok(member(node, name)?["contact"]["connected"] == true)
}

/// Whether each side has all that the other is known to have written for it.
pub(crate) fn is_even(node: &Node, name: &str) -> Result<bool> {
    let contact = member(node, name)?["contact"].take();
    let classes = contact["classes"].as_array().context("no classes")?;
    let is_missing = |class: &Value| {
        ["oursMissing", "theirsMissing"]
            .iter()
            .any(|side| class[*side].as_u64() != Some(0))
    };
    Ok(contact["connected"] == true && !classes.iter().any(is_missing))
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// One organisation.
#[derive(Debug)]
pub(crate) struct Organisation {
    pub name: String,
    pub data: PathBuf,
    pub wire: Option<Wire>,
    binary: PathBuf,
    node: Option<Node>,
}

impl Organisation {
    /// Founds an organisation whose data lie in `data`, which others can reach or not.
    pub(crate) fn begin(binary: &Path, data: &Path, name: &str, is_reached: bool) -> Result<Self> {
        let wire = is_reached.then(Wire::new).transpose()?;
        configure(data, name, wire.as_ref())?;
        let mut organisation = Self {
            name: name.to_owned(),
            data: data.to_path_buf(),
            wire,
            binary: binary.to_path_buf(),
            node: None,
        };
        organisation.start()?;
        Ok(organisation)
    }

    /// Its node, which must be running.
    pub(crate) fn node(&self) -> Result<&Node> {
        self.node
            .as_ref()
            .with_context(|| format!("`{}` is not running", self.name))
    }

    /// Starts its node, if it does not run.
    pub(crate) fn start(&mut self) -> Result<()> {
        if self.node.is_none() {
            let started = start(&self.binary, &self.data, &self.name, self.wire.as_ref());
            self.node = Some(started.with_context(|| format!("starting `{}`", self.name))?);
        }
        Ok(())
    }

    /// kill -9, if it runs.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.node.take().map_or(Ok(()), Node::kill)
    }

    /// Whether its node has ended by somebody else's hand.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        let ended = match &mut self.node {
            Some(node) => node.has_ended()?,
            None => false,
        };
        if ended {
            self.node = None;
        }
        Ok(ended)
    }

    /// The command line, asking its node.
    pub(crate) fn twin(&self) -> std::process::Command {
        node::twin(&self.binary, &self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_that_only_calls_has_no_address() {
        let folder = tempfile::tempdir().unwrap();
        configure(folder.path(), "brigade", None).unwrap();
        let text = std::fs::read_to_string(folder.path().join(node::CONFIG)).unwrap();
        assert!(text.contains("organisation = \"brigade\"") && !text.contains("wss://"));
        let wire = Wire::new().unwrap();
        configure(folder.path(), "tower", Some(&wire)).unwrap();
        let text = std::fs::read_to_string(folder.path().join(node::CONFIG)).unwrap();
        assert!(text.contains(&format!("wss://{}", wire.address)), "{text}");
    }
}
