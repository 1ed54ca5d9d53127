//! Joining: this node calls the one that gave the code, and both admit each other.

use super::Link;
use crate::error::Error;
use crate::node::{Node, permit};
use std::sync::Arc;
use tokio::sync::oneshot;
use twin_carrier::{Chain, Refusal, Verdict};
use twin_exchange::{Code, Fingerprint};
use twin_link::OriginId;
use twin_model::{Caller, Time};
use twin_policy::{self as policy, View};

/// Who gave a code.
#[derive(Debug, Clone, PartialEq)]
pub struct Inviter {
    /// By which people recognise it over the telephone.
    pub fingerprint: Fingerprint,
    /// Where its node is found.
    pub addresses: Vec<String>,
    /// When the code expires, by its clock.
    pub expires: Time,
}

impl Node {
    /// Who gave a code, to be compared before one joins. Nothing is asked of anybody.
    pub fn look_at_code(&self, caller: &Caller, code: &str) -> Result<View<Inviter>, Error> {
        permit(caller, &policy::Action::ManagePeers)?;
        let code = Code::parse(code.trim()).map_err(|e| Error::Invalid(e.to_string()))?;
        let inviter = Inviter {
            fingerprint: code.fingerprint(),
            expires: code.expires,
            addresses: code.addresses,
        };
        Ok(policy::release(
            caller,
            &policy::Action::ManagePeers,
            || inviter,
        )?)
    }
}

/// Calls the node that gave the code. Nothing is changed if it does not answer as it should.
pub(super) fn join(link: &Link, code: &Code) -> Result<OriginId, Error> {
    let (answer, asked) = oneshot::channel();
    let inviter = code.clone();
    let joining = link.ask(move |seat| {
        let joining = seat.exchanging(|exchange, _, env| exchange.joining(&inviter, env))?;
        let joining = joining.map_err(|e| Error::Invalid(e.to_string()))?;
        seat.carriers
            .ask_to_join(&inviter, joining.request().to_vec(), answer);
        Ok(joining)
    })?;
    let answer = asked.blocking_recv();
    let answer = answer.map_err(|_| Error::ReadOnly("the link has stopped".to_owned()))?;
    let answer = answer.map_err(|why| not_reached(code, why))?;
    link.ask(move |seat| {
        let joined = seat.exchanging(|exchange, _, env| exchange.joined(&joining, &answer, env))?;
        joined.map_err(|e| Error::Link(e.to_string()))
    })
}

fn not_reached(code: &Code, why: Refusal) -> Error {
    let places = code.addresses.join(", ");
    Error::Link(format!(
        "the node that gave the code was not reached at {places}: {why}"
    ))
}

impl super::carriers::Carriers {
    /// Asks at each address in turn; only the authority that is named in the code is believed.
    fn ask_to_join(
        &self,
        code: &Code,
        request: Vec<u8>,
        answer: oneshot::Sender<Result<Vec<u8>, Refusal>>,
    ) {
        let Some((runtime, endpoint)) = self.endpoint() else {
            return;
        };
        let (addresses, expected) = (code.addresses.clone(), code.authority.to_bytes());
        let trust = Arc::new(move |chain: &Chain| {
            if chain.authority_key == expected {
                Verdict::Known(0)
            } else {
                Verdict::Refused
            }
        });
        let endpoint = Arc::clone(endpoint);
        runtime.spawn(async move {
            let mut outcome = Err(Refusal::Unreachable);
            for address in addresses {
                outcome = endpoint
                    .join(&address, trust.clone(), request.clone())
                    .await;
                if outcome.is_ok() {
                    break;
                }
            }
            let _ = answer.send(outcome);
        });
    }
}
