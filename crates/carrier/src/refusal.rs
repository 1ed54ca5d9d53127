//! Why a connection does not come about, or is turned away, and how often.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use tokio_tungstenite::tungstenite;

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// No such address, nobody there, or the way is cut.
    #[error("nobody answers there")]
    Unreachable,
    /// An address that is not `wss://host:port`.
    #[error("not an address of a node")]
    BadAddress,
    /// The handshake took longer than it may.
    #[error("the handshake took too long")]
    TooSlow,
    /// The connection broke off during the handshake.
    #[error("the connection broke off during the handshake")]
    Broken,
    /// Not the protocol that is spoken here.
    #[error("what was received is not TLS 1.3 and WebSocket")]
    Garbage,
    /// The peer showed no certificate.
    #[error("no certificate was shown")]
    NoCertificate,
    /// The certificates do not hold together.
    #[error("the certificate was not issued by the authority beside it")]
    BadCertificate,
    /// The certificate is past its end; or the clock here is wrong.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate is not valid yet; or the clock here is wrong.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate leads to an authority that is not known or not the expected one.
    #[error("the certificate is of another authority")]
    Untrusted,
    /// A path that does not exist, or that strangers may not use.
    #[error("this path is not open to the peer")]
    WrongPath,
    /// More than there may be at a time, or too often.
    #[error("too many at a time")]
    TooMany,
    /// A request or answer longer than it may be.
    #[error("longer than it may be")]
    TooLong,
    /// Both ends dialled at the same time, and the other connection is kept.
    #[error("there is a connection already")]
    Crossing,
    /// The peer turned us away.
    #[error("the peer refuses")]
    ByPeer,
    /// Whoever calls is a member no longer, and is told so.
    #[error("it is a member no longer")]
    Removed,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => tls.into(),
            None => Self::Broken,
        }
    }
}

impl From<&rustls::Error> for Refusal {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => of_certificate(why),
            rustls::Error::NoCertificatesPresented => Self::NoCertificate,
            rustls::Error::AlertReceived(_) => Self::ByPeer,
            _ => Self::Garbage,
        }
    }
}

fn of_certificate(why: &rustls::CertificateError) -> Refusal {
    use rustls::CertificateError;
    match why {
        CertificateError::Expired => Refusal::Expired,
        CertificateError::NotValidYet => Refusal::NotYetValid,
        CertificateError::Other(other) => match other.0.downcast_ref::<Refusal>() {
            Some(&refusal) => refusal,
            None => Refusal::BadCertificate,
        },
        _ => Refusal::BadCertificate,
    }
}

impl From<tungstenite::Error> for Refusal {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::error::ProtocolError;
        match error {
            tungstenite::Error::Io(error) => error.into(),
            tungstenite::Error::Http(_) => Self::ByPeer,
            tungstenite::Error::Capacity(_) => Self::TooLong,
            tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(
                ProtocolError::HandshakeIncomplete | ProtocolError::ResetWithoutClosingHandshake,
            ) => Self::Broken,
            _ => Self::Garbage,
        }
    }
}

/// How often what was refused.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Refusal, u64>>);

impl Counts {
    pub(crate) fn add(&self, refusal: Refusal) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(refusal).or_default() += 1;
    }

    pub(crate) fn read(&self) -> BTreeMap<Refusal, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clone()
    }
}
