//! TLS 1.3, both ends with a certificate, one set of algorithms, no resumption.
//!
//! A resumed session would skip the look at the certificate, and with it at its end and at
//! whether its owner is still a member.

use crate::authority::Identity;
use crate::refusal::Refusal;
use crate::trust::{Doorkeeper, Trust};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::UnixTime;
use rustls::server::NoServerSessionStorage;
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use twin_model::Time;
use twin_model::time::MICROS;

/// Tells the time: the node owns now.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

struct Wall(Clock);

impl std::fmt::Debug for Wall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wall")
    }
}

impl TimeProvider for Wall {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = (self.0)().0.div_euclid(MICROS);
        let seconds = u64::try_from(seconds).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.kx_groups = vec![ring::kx_group::X25519];
    Arc::new(provider)
}

/// For those who call us.
pub(crate) fn server(
    identity: &Identity,
    trust: Arc<dyn Trust>,
    clock: &Clock,
) -> Result<ServerConfig, Refusal> {
    let provider = provider();
    let doorkeeper = Doorkeeper {
        trust,
        provider: Arc::clone(&provider),
    };
    let mut config =
        ServerConfig::builder_with_details(provider, Arc::new(Wall(Arc::clone(clock))))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| Refusal::from(&error))?
            .with_client_cert_verifier(Arc::new(doorkeeper))
            .with_single_cert(identity.certificates(), identity.key().into())
            .map_err(|_| Refusal::BadCertificate)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// For those whom we call.
pub(crate) fn client(
    identity: &Identity,
    trust: Arc<dyn Trust>,
    clock: &Clock,
) -> Result<ClientConfig, Refusal> {
    let provider = provider();
    let doorkeeper = Doorkeeper {
        trust,
        provider: Arc::clone(&provider),
    };
    let mut config =
        ClientConfig::builder_with_details(provider, Arc::new(Wall(Arc::clone(clock))))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| Refusal::from(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(doorkeeper))
            .with_client_auth_cert(identity.certificates(), identity.key().into())
            .map_err(|_| Refusal::BadCertificate)?;
    config.resumption = Resumption::disabled();
    Ok(config)
}
