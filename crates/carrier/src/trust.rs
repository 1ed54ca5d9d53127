//! Who is at the other end, and what may be done there.
//!
//! A peer shows two certificates: that of its node, and that of the authority which issued
//! it. Whether they belong together is checked here; whether that authority is known is the
//! business of whoever uses the carrier.

use crate::refusal::Refusal;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use std::sync::Arc;
use twin_model::Time;
use twin_model::time::MICROS;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Bytes of a certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 4096;
/// Bytes of a notice to one who was removed.
pub const NOTICE_BYTES_MAX: usize = 1024;
/// What stands before an Ed25519 key in a certificate (RFC 8410 §4).
const KEY_HEAD: [u8; 10] = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// The certificates that a peer showed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    /// The certificate of its authority, as DER.
    pub authority: Vec<u8>,
    /// The Ed25519 key of its authority.
    pub authority_key: [u8; 32],
    /// The certificate of the node, as DER.
    pub leaf: Vec<u8>,
}

/// What a peer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is this member: frames may be exchanged.
    Known(u64),
    /// Not known; it may ask to join, no more.
    Stranger,
    /// It was a member: it is told so, and may ask to join.
    Removed,
    /// It is to be turned away.
    Refused,
}

/// Judges those whose certificates hold together. It is asked during the handshake, so it
/// must answer at once.
pub trait Trust: Send + Sync {
    /// What the peer may do.
    fn judge(&self, chain: &Chain) -> Verdict;

    /// The word, at most [`NOTICE_BYTES_MAX`], by which one who was removed can see it.
    fn notice(&self, _: &Chain) -> Vec<u8> {
        Vec::new()
    }
}

impl<F: Fn(&Chain) -> Verdict + Send + Sync> Trust for F {
    fn judge(&self, chain: &Chain) -> Verdict {
        self(chain)
    }
}

/// The Ed25519 key in a certificate of an authority.
pub fn key_of(authority: &[u8]) -> Option<[u8; 32]> {
    if authority.len() > CERTIFICATE_BYTES_MAX {
        return None;
    }
    let der = CertificateDer::from(authority);
    let anchor = anchor_from_trusted_cert(&der).ok()?;
    let key = anchor.subject_public_key_info.strip_prefix(&KEY_HEAD)?;
    key.try_into().ok()
}

impl Chain {
    /// Two certificates as DER; nothing is checked yet but the kind of the authority's key.
    pub(crate) fn read(leaf: &[u8], authority: &[u8]) -> Option<Self> {
        let authority_key = key_of(authority)?;
        (leaf.len() <= CERTIFICATE_BYTES_MAX).then(|| Self {
            authority: authority.to_vec(),
            authority_key,
            leaf: leaf.to_vec(),
        })
    }

    fn shown(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<Self, Refusal> {
        match others {
            [authority] => Self::read(leaf, authority).ok_or(Refusal::BadCertificate),
            _ => Err(Refusal::BadCertificate),
        }
    }

    /// What was shown in a handshake that is over.
    pub(crate) fn of_peer(shown: Option<&[CertificateDer<'_>]>) -> Result<Self, Refusal> {
        match shown {
            Some([leaf, others @ ..]) => Self::shown(leaf, others),
            _ => Err(Refusal::NoCertificate),
        }
    }

    /// Whether the authority issued the leaf for both ends of a connection, and it is valid
    /// at a time.
    pub fn check(&self, at: Time) -> Result<(), Refusal> {
        let seconds = u64::try_from(at.0.div_euclid(MICROS)).map_err(|_| Refusal::NotYetValid)?;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        self.check_at(now)
    }

    fn check_at(&self, now: UnixTime) -> Result<(), Refusal> {
        let authority = CertificateDer::from(self.authority.as_slice());
        let leaf = CertificateDer::from(self.leaf.as_slice());
        let anchor = anchor_from_trusted_cert(&authority).map_err(|why| refusal(&why))?;
        let leaf = EndEntityCert::try_from(&leaf).map_err(|why| refusal(&why))?;
        for usage in [KeyUsage::client_auth(), KeyUsage::server_auth()] {
            let anchors = std::slice::from_ref(&anchor);
            let algorithms = [webpki::ring::ED25519];
            leaf.verify_for_usage(&algorithms, anchors, &[], now, usage, None, None)
                .map_err(|why| refusal(&why))?;
        }
        Ok(())
    }
}

fn refusal(why: &webpki::Error) -> Refusal {
    match why {
        webpki::Error::CertExpired { .. } => Refusal::Expired,
        webpki::Error::CertNotValidYet { .. } => Refusal::NotYetValid,
        _ => Refusal::BadCertificate,
    }
}

/// Checks certificates within the handshake, so that the peer is told at once.
pub(crate) struct Doorkeeper {
    pub(crate) trust: Arc<dyn Trust>,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl std::fmt::Debug for Doorkeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doorkeeper").finish_non_exhaustive()
    }
}

impl Doorkeeper {
    fn look(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let chain = Chain::shown(leaf, others)?;
        chain.check_at(now)?;
        match self.trust.judge(&chain) {
            Verdict::Refused => Err(Refusal::Untrusted),
            Verdict::Known(_) | Verdict::Stranger | Verdict::Removed => Ok(()),
        }
    }

    fn verify(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signed, algorithms)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// As an error of the handshake: the alert tells the peer the kind, and we find the refusal.
fn turned_away(why: Refusal) -> Error {
    Error::InvalidCertificate(match why {
        Refusal::Expired => CertificateError::Expired,
        Refusal::NotYetValid => CertificateError::NotValidYet,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    })
}

impl ServerCertVerifier for Doorkeeper {
    /// The name is not looked at: the authority says who it is.
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.look(leaf, others, now).map_err(turned_away)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ClientCertVerifier for Doorkeeper {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.look(leaf, others, now).map_err(turned_away)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}
