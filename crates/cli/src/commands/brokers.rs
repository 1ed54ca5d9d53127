//! Message brokers that the configuration names: what they send goes into the node.

use crate::failure::{Code, Failure, Result};
use crate::output::Output;
use std::sync::Arc;
use tokio::runtime::Runtime;
use twin_bridge::{Bridge, Handle, Intake, Message, Options, Refused};
use twin_model::{Caller, Finding, Time};
use twin_node::{ClaimCode, Config, Node, Recorded};

/// Connections to brokers; they end when this is dropped.
pub(crate) struct Brokers(Vec<Handle>);

impl Drop for Brokers {
    fn drop(&mut self) {
        for handle in &self.0 {
            handle.stop();
        }
    }
}

/// Subscribes at every broker of the configuration.
pub(crate) fn subscribe(
    config: &Config,
    output: &Output,
    runtime: &Runtime,
    node: &Node,
) -> Result<Brokers> {
    let wrong = |cause: &dyn std::fmt::Display| {
        Failure::new(
            Code::Configuration,
            format!("`[[mqtt]]` of the configuration: {cause}"),
        )
        .help("docs/formats/points.md describes the section")
    };
    let mut brokers = Brokers(Vec::new());
    for section in &config.mqtt {
        let options: Options = section.clone().try_into().map_err(|cause| wrong(&cause))?;
        let (name, url) = (options.name.clone(), options.url.clone());
        let intake = Arc::new(NodeIntake(node.clone()));
        let (bridge, handle) = Bridge::new(options, intake).map_err(|cause| wrong(&cause))?;
        runtime.spawn(bridge.run());
        brokers.0.push(handle);
        output.say(&format!("takes messages of `{name}` at {url}"));
    }
    Ok(brokers)
}

/// The node as a bridge sees it.
struct NodeIntake(Node);

impl Intake for NodeIntake {
    fn take(&self, messages: Vec<Message>) -> std::result::Result<(), Refused> {
        let recorded: Vec<Recorded> = messages.iter().map(recorded).collect();
        let taken = self.0.take_messages(&Caller::OPERATOR, &recorded);
        let taken = taken.map_err(|cause| Refused::Later(cause.to_string()))?;
        for finding in taken.findings {
            self.found(finding);
        }
        let of = |code| {
            taken
                .refused
                .iter()
                .filter(move |refused| refused.code == code)
        };
        // For new names there is no memory left. To keep the broker waiting for that would keep
        // back what known points say, and the alarms among it.
        let too_many = of(ClaimCode::MemoryBudget).count();
        if too_many > 0 {
            let message = format!("{too_many} claims of new points are not kept: memory is full");
            self.found(Finding::new(twin_model::Code::PointsTooMany, message));
        }
        match of(ClaimCode::DiskBudget).next() {
            // What was not kept is not acknowledged: the broker goes on keeping it.
            Some(refusal) => Err(Refused::Later(refusal.message.clone())),
            None => Ok(()),
        }
    }

    fn found(&self, finding: Finding) {
        let item = finding.location.item.as_deref().unwrap_or_default();
        tracing::warn!(code = finding.code.as_str(), item, "{}", finding.message);
    }

    fn now(&self) -> Time {
        self.0.now()
    }
}

fn recorded(message: &Message) -> Recorded {
    Recorded {
        topic: message.topic.to_string(),
        payload: message.payload.to_vec(),
        time: Some(message.received),
        is_retained: message.retained,
    }
}
