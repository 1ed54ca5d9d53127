//! The authority of an organisation: it certifies the key with which a node speaks on the
//! network.
//!
//! A node is believed because its certificate leads to the authority of an organisation that
//! was met before, never because a public authority vouched for a name. Names and addresses
//! change in an incident; the key of the fire brigade does not.
//!
//! All keys are Ed25519 (RFC 8032) and certificates X.509 (RFC 5280, RFC 8410). The same
//! arguments always give the same bytes: times and keys come from outside.

use crate::trust::{self, Chain};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use twin_model::Time;
use twin_model::time::MICROS;

/// A certificate of a node lasts no longer than this.
pub const LEAF_S_MAX: i64 = 366 * 24 * 3600;
/// 9999-12-31 23:59:59, which says "no end" (RFC 5280 §4.1.2.5).
const NO_END_S: i64 = 253_402_300_799;
/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];
/// Characters of a name in a certificate (RFC 5280, upper bound of a common name).
const NAME_CHARS_MAX: usize = 64;

/// Why a certificate cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// A name that no certificate can hold.
    #[error("a name has 1 to 64 characters")]
    BadName,
    /// Ends before it begins, lasts longer than [`LEAF_S_MAX`], or lies beyond the calendar.
    #[error("a certificate lasts at most a year and begins before it ends")]
    BadTimes,
    /// The stored certificate belongs to another key or another name.
    #[error("the certificate does not belong to this key and name")]
    Mismatch,
    /// The encoder refused.
    #[error("the certificate could not be encoded")]
    Encoding,
}

/// An organisation's own certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
}

impl Authority {
    /// Founds an authority. Its certificate has no end and is to be stored.
    pub fn found(secret: &[u8; 32], name: &str, founded: Time) -> Result<Self, AuthorityError> {
        let mut params = named(name)?;
        params.not_before = calendar(founded)?;
        params.not_after = calendar(Time(NO_END_S * MICROS))?;
        params.serial_number = Some(serial(founded));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = key_pair(secret)?;
        let certificate = params.self_signed(&key).map_err(refused)?.der().to_vec();
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
        })
    }

    /// The authority whose certificate was stored.
    pub fn open(
        secret: &[u8; 32],
        name: &str,
        certificate: Vec<u8>,
    ) -> Result<Self, AuthorityError> {
        let mut opened = Self::found(secret, name, Time(0))?;
        let ours = trust::key_of(&opened.certificate);
        if trust::key_of(&certificate) != ours {
            return Err(AuthorityError::Mismatch);
        }
        opened.certificate = certificate;
        opened.issue(secret, Time(0), Time(MICROS))?;
        Ok(opened)
    }

    /// The certificate of the authority, as DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Certifies the key of a node, for both ends of a connection. To renew, issue again.
    pub fn issue(
        &self,
        node_secret: &[u8; 32],
        from: Time,
        until: Time,
    ) -> Result<Vec<u8>, AuthorityError> {
        let lasts_us = until.0.saturating_sub(from.0);
        if lasts_us <= 0 || lasts_us > LEAF_S_MAX * MICROS {
            return Err(AuthorityError::BadTimes);
        }
        let mut params = named("node")?;
        params.not_before = calendar(from)?;
        params.not_after = calendar(until)?;
        params.serial_number = Some(serial(from));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        params.use_authority_key_identifier_extension = false;
        let key = key_pair(node_secret)?;
        let issued = params.signed_by(&key, &self.issuer).map_err(refused)?;
        let leaf = issued.der().to_vec();
        let chain = Chain::read(&leaf, &self.certificate).ok_or(AuthorityError::Mismatch)?;
        chain.check(from).map_err(|_| AuthorityError::Mismatch)?;
        Ok(leaf)
    }
}

/// What a node shows of itself: its key and certificate, and that of its authority.
#[derive(Clone)]
pub struct Identity {
    /// The secret Ed25519 key of the node on the network.
    pub secret: [u8; 32],
    /// Its certificate, as DER.
    pub leaf: Vec<u8>,
    /// The certificate of the authority that issued it, as DER.
    pub authority: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    pub(crate) fn key(&self) -> PrivatePkcs8KeyDer<'static> {
        pkcs8(&self.secret)
    }

    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        vec![
            CertificateDer::from(self.leaf.clone()),
            CertificateDer::from(self.authority.clone()),
        ]
    }
}

fn pkcs8(secret: &[u8; 32]) -> PrivatePkcs8KeyDer<'static> {
    PrivatePkcs8KeyDer::from([&PKCS8_HEAD[..], secret].concat())
}

fn key_pair(secret: &[u8; 32]) -> Result<KeyPair, AuthorityError> {
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8(secret), &PKCS_ED25519).map_err(refused)
}

fn named(name: &str) -> Result<CertificateParams, AuthorityError> {
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(AuthorityError::BadName);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// Positive and different for each time of issue (RFC 5280 §4.1.2.2).
fn serial(issued: Time) -> SerialNumber {
    let mut bytes = issued.0.to_be_bytes();
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn calendar(at: Time) -> Result<time::OffsetDateTime, AuthorityError> {
    time::OffsetDateTime::from_unix_timestamp(at.0.div_euclid(MICROS))
        .map_err(|_| AuthorityError::BadTimes)
}

fn refused(_: rcgen::Error) -> AuthorityError {
    AuthorityError::Encoding
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600 * MICROS;

    fn brigade() -> Authority {
        Authority::found(&[1; 32], "Fire Brigade", Time(DAY)).expect("an authority")
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes() {
        assert_eq!(brigade().certificate(), brigade().certificate());
        let leaf = |from| brigade().issue(&[2; 32], Time(from), Time(from + DAY));
        assert_eq!(leaf(0), leaf(0));
        assert_ne!(leaf(0), leaf(DAY));
    }

    #[test]
    fn the_key_in_the_certificate_is_the_given_one() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
        assert_eq!(trust::key_of(brigade().certificate()), Some(key.to_bytes()));
    }

    #[test]
    fn a_stored_authority_goes_on_issuing() {
        let stored = brigade().certificate().to_vec();
        let opened = Authority::open(&[1; 32], "Fire Brigade", stored.clone()).expect("opened");
        assert_eq!(
            opened.issue(&[2; 32], Time(0), Time(DAY)),
            brigade().issue(&[2; 32], Time(0), Time(DAY))
        );
        let other_key = Authority::open(&[3; 32], "Fire Brigade", stored.clone());
        assert_eq!(other_key.err(), Some(AuthorityError::Mismatch));
        let other_name = Authority::open(&[1; 32], "Another", stored);
        assert_eq!(other_name.err(), Some(AuthorityError::Mismatch));
    }

    #[test]
    fn names_and_times_have_bounds() {
        let long = "x".repeat(65);
        for name in ["", long.as_str()] {
            let refused = Authority::found(&[1; 32], name, Time(0)).err();
            assert_eq!(refused, Some(AuthorityError::BadName));
        }
        for (from, until) in [(DAY, DAY), (DAY, 0), (0, 400 * DAY), (i64::MIN, i64::MAX)] {
            let refused = brigade().issue(&[2; 32], Time(from), Time(until));
            assert_eq!(refused, Err(AuthorityError::BadTimes));
        }
    }
}
