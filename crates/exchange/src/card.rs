//! Who an organisation is: the card that it hands out, and the secrets behind it.
//!
//! A card is what a fire brigade would show at the gate: its name, how to reach it, the
//! keys by which its word is recognised and to which messages for it are sealed. It is
//! signed by the organisation itself, so a copy of it that arrives over three others is as
//! good as the original. That it is the brigade's card at all, and not one that somebody
//! printed, is settled once, by two people who read its fingerprint to each other.
//!
//! Drawn in `docs/formats/belonging.md`.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fmt;
use twin_link::bytes::{Cursor, put_bytes, put_signed, put_varint};
use twin_link::{OriginId, ReaderSecret, Recipient};
use twin_model::Time;
use zeroize::{ZeroizeOnDrop, Zeroizing};

const VERSION: u8 = 1;
const CARD_CONTEXT: &[u8] = b"twinternet exchange 1 card";
const ORIGIN_CONTEXT: &str = "twinternet exchange 1 origin";
const FINGERPRINT_CONTEXT: &str = "twinternet exchange 1 fingerprint";
const STREAM_CONTEXT: &str = "twinternet exchange 1 stream secret";

/// Bytes of the name of an organisation.
pub const NAME_BYTES_MAX: usize = 32;
/// Bytes of its title.
pub const TITLE_BYTES_MAX: usize = 120;
/// Bytes of the certificate of its authority: one with an Ed25519 key has some 400.
pub const CERTIFICATE_BYTES_MAX: usize = 1024;
/// Addresses under which its node may be reached.
pub const ADDRESSES_MAX: usize = 4;
/// Bytes of an address.
pub const ADDRESS_BYTES_MAX: usize = 120;

/// Why a card, or what is to stand on it, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a slug.
    #[error("a name has 1 to 32 small letters, digits and hyphens, and begins with a letter")]
    Name,
    /// Empty, too long, or not one line of text.
    #[error("a title is one line of 1 to 120 bytes")]
    Title,
    /// Too many, too long, or with characters that no address has.
    #[error("there are at most 4 addresses of 1 to 120 visible ASCII characters")]
    Address,
    /// A certificate that is empty or too long.
    #[error("a certificate has 1 to 1024 bytes")]
    Certificate,
    /// Bytes that are not a card.
    #[error("the bytes are not a card of a known version")]
    Malformed,
    /// A signature that the keys on the card did not make.
    #[error("the card is not signed by the keys that it names")]
    Signature,
}

/// What an organisation says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// A slug, for commands and for the names of sources.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The certificate of its authority, DER. Its key must be the authority's, which
    /// whoever sets up the carrier checks.
    pub certificate: Vec<u8>,
    /// Where its node listens, the best first; may be empty.
    pub addresses: Vec<String>,
}

impl Particulars {
    /// Whether every field is within its limits.
    pub fn check(&self) -> Result<(), Error> {
        let addresses = &self.addresses;
        let is_certificate = (1..=CERTIFICATE_BYTES_MAX).contains(&self.certificate.len());
        [
            (is_name(&self.name), Error::Name),
            (is_title(&self.title), Error::Title),
            (is_certificate, Error::Certificate),
            (addresses.len() <= ADDRESSES_MAX, Error::Address),
            (addresses.iter().all(|a| is_address(a)), Error::Address),
        ]
        .into_iter()
        .find(|(is_good, _)| !is_good)
        .map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// Whether a text may be the name of an organisation.
pub fn is_name(name: &str) -> bool {
    let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.chars().all(is_slug)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
}

fn is_title(title: &str) -> bool {
    (1..=TITLE_BYTES_MAX).contains(&title.len())
        && title.trim() == title
        && !title.contains(char::is_control)
}

/// Whether a text may be an address. What it means is for the carrier to say.
pub(crate) fn is_address(address: &str) -> bool {
    (1..=ADDRESS_BYTES_MAX).contains(&address.len())
        && address.bytes().all(|b| b.is_ascii_graphic())
}

/// The name of a node: a hash of its key.
pub fn origin_of(node: &VerifyingKey) -> OriginId {
    OriginId(hash_16(ORIGIN_CONTEXT, node.as_bytes()))
}

pub(crate) fn hash_16(context: &str, bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::derive_key(context, bytes)[..16]);
    out
}

/// A public key on the wire. Small-order keys, under which anybody can sign, are none.
pub(crate) fn get_key(cursor: &mut Cursor<'_>) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(&cursor.array()?).ok()?;
    (!key.is_weak()).then_some(key)
}

/// By what people recognise an organisation: a hash of its authority's key.
///
/// Shown as six groups of five digits, which two people can read to each other over a bad
/// line in any language. The digits tell 99.7 of its 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Of the organisation with this key.
    pub fn of(authority: &VerifyingKey) -> Self {
        Self(hash_16(FINGERPRINT_CONTEXT, authority.as_bytes()))
    }

    /// Whether a text, however spaced, shows these digits.
    pub fn is_shown_as(&self, text: &str) -> bool {
        let only_digits = |text: &str| -> String {
            let blanks = |c: &char| !c.is_whitespace() && *c != '-';
            text.chars().filter(blanks).collect()
        };
        only_digits(text) == only_digits(&self.to_string())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:030}", u128::from_le_bytes(self.0) % 10_u128.pow(30));
        let groups: Vec<&str> = (0..6).map(|group| &digits[group * 5..][..5]).collect();
        f.write_str(&groups.join(" "))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an organisation must keep to itself. Overwritten when it is dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secrets {
    authority: [u8; 32],
    node: [u8; 32],
    reader: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Bytes of the encoded form.
    pub const BYTES: usize = 97;

    /// Fresh ones; `random` fills what it is given.
    ///
    /// ```
    /// use twin_exchange::card::{Fingerprint, Particulars, Secrets};
    /// use twin_model::Time;
    /// let secrets = Secrets::draw(&mut |bytes| bytes.fill(7));
    /// let particulars = Particulars {
    ///     name: "tower".into(),
    ///     title: "Tower owners".into(),
    ///     certificate: vec![0x30],
    ///     addresses: vec!["tower.example:8443".into()],
    /// };
    /// let card = secrets.card(particulars, 1, Time(0))?;
    /// card.verify()?;
    /// assert_eq!(card.fingerprint(), Fingerprint::of(&secrets.authority().verifying_key()));
    /// # Ok::<(), twin_exchange::card::Error>(())
    /// ```
    pub fn draw(random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut secrets = Self {
            authority: [0; 32],
            node: [0; 32],
            reader: [0; 32],
        };
        random(&mut secrets.authority);
        secrets.renew_node(random);
        secrets
    }

    /// Draws the node's secrets anew, after the old ones were lost or stolen, or by rota.
    pub fn renew_node(&mut self, random: &mut dyn FnMut(&mut [u8])) {
        random(&mut self.node);
        random(&mut self.reader);
    }

    /// The organisation's key: signs cards, admissions, removals, revocations.
    pub fn authority(&self) -> SigningKey {
        SigningKey::from_bytes(&self.authority)
    }

    /// The seed of the organisation's key, for its certificate authority.
    pub fn authority_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.authority)
    }

    /// The node's key: signs grants.
    pub fn node(&self) -> SigningKey {
        SigningKey::from_bytes(&self.node)
    }

    /// From which the keys of the node's streams derive.
    pub fn stream_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(STREAM_CONTEXT, &self.node))
    }

    /// By which the node reads what is granted to it.
    pub fn reader(&self) -> ReaderSecret {
        ReaderSecret::new(&self.reader)
    }

    /// The node's name.
    pub fn origin(&self) -> OriginId {
        origin_of(&self.node().verifying_key())
    }

    /// A card with these keys. A higher `serial` replaces.
    pub fn card(&self, particulars: Particulars, serial: u64, issued: Time) -> Result<Card, Error> {
        particulars.check()?;
        let unsigned = Signature::from_bytes(&[0; 64]);
        let mut card = Card {
            particulars,
            authority: self.authority().verifying_key(),
            node: self.node().verifying_key(),
            recipient: self.reader().recipient,
            serial,
            issued,
            signature: unsigned,
            possession: unsigned,
        };
        let message = card.message();
        card.signature = self.authority().sign(&message);
        card.possession = self.node().sign(&message);
        Ok(card)
    }

    /// The form for the organisation's own disk.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Of its full size from the beginning: a vector that grows leaves copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(Self::BYTES));
        out.push(VERSION);
        for seed in [&self.authority, &self.node, &self.reader] {
            out.extend_from_slice(seed);
        }
        out
    }

    /// Reads the form for the organisation's own disk.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.u8().filter(|&version| version == VERSION)?;
        let secrets = Self {
            authority: cursor.array()?,
            node: cursor.array()?,
            reader: cursor.array()?,
        };
        cursor.is_empty().then_some(secrets)
    }
}

/// The signed card of an organisation and its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What it says of itself.
    pub particulars: Particulars,
    /// The key that is the organisation.
    pub authority: VerifyingKey,
    /// The key of its node.
    pub node: VerifyingKey,
    /// To what grants for its node are sealed.
    pub recipient: Recipient,
    /// Which card of the organisation; a higher one replaces.
    pub serial: u64,
    /// When it was signed.
    pub issued: Time,
    signature: Signature,
    possession: Signature,
}

impl Card {
    /// The name of the organisation's node.
    pub fn origin(&self) -> OriginId {
        origin_of(&self.node)
    }

    /// By what people recognise the organisation.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.authority)
    }

    /// The name of the organisation, a slug.
    pub fn name(&self) -> &str {
        &self.particulars.name
    }

    /// Whether authority and node both signed it.
    pub fn verify(&self) -> Result<(), Error> {
        let message = self.message();
        self.authority
            .verify_strict(&message, &self.signature)
            .and_then(|()| self.node.verify_strict(&message, &self.possession))
            .map_err(|_| Error::Signature)
    }

    fn message(&self) -> Vec<u8> {
        let mut out = CARD_CONTEXT.to_vec();
        self.put_fields(&mut out);
        out
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(self.authority.as_bytes());
        out.extend_from_slice(self.node.as_bytes());
        out.extend_from_slice(&self.recipient.to_bytes());
        put_varint(out, self.serial);
        put_signed(out, self.issued.0);
        let particulars = &self.particulars;
        put_bytes(out, particulars.name.as_bytes());
        put_bytes(out, particulars.title.as_bytes());
        put_bytes(out, &particulars.certificate);
        put_varint(out, particulars.addresses.len() as u64);
        for address in &particulars.addresses {
            put_bytes(out, address.as_bytes());
        }
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.put_fields(&mut out);
        out.extend_from_slice(&self.signature.to_bytes());
        out.extend_from_slice(&self.possession.to_bytes());
        out
    }

    /// Reads the form that travels. The signatures are not checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        let card = Self::get(&mut cursor).filter(|_| cursor.is_empty());
        let card = card.ok_or(Error::Malformed)?;
        card.particulars.check().map(|()| card)
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.u8().filter(|&version| version == VERSION)?;
        let (authority, node) = (get_key(cursor)?, get_key(cursor)?);
        let recipient = Recipient::from_bytes(&cursor.array()?).ok()?;
        let (serial, issued) = (cursor.varint()?, Time(cursor.signed()?));
        let particulars = Particulars {
            name: cursor.text()?.to_owned(),
            title: cursor.text()?.to_owned(),
            certificate: cursor.bytes()?.to_vec(),
            addresses: get_addresses(cursor)?,
        };
        Some(Self {
            particulars,
            authority,
            node,
            recipient,
            serial,
            issued,
            signature: Signature::from_bytes(&cursor.array()?),
            possession: Signature::from_bytes(&cursor.array()?),
        })
    }
}

fn get_addresses(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let count = cursor.count(2).filter(|&n| n <= ADDRESSES_MAX)?;
    (0..count)
        .map(|_| cursor.text().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_slugs() {
        for good in ["tower", "b1", "st-mary-hospital", &"a".repeat(32)] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "-a",
            "a-",
            "A",
            "a b",
            "ä",
            "a.b",
            &"a".repeat(33),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn particulars_have_limits() {
        let good = Particulars {
            name: "tower".into(),
            title: "Türme & Co".into(),
            certificate: vec![1],
            addresses: vec!["[::1]:8443".into()],
        };
        assert_eq!(good.check(), Ok(()));
        let check = |change: &dyn Fn(&mut Particulars)| {
            let mut changed = good.clone();
            change(&mut changed);
            changed.check().expect_err("beyond a limit")
        };
        assert_eq!(check(&|p| p.name.clear()), Error::Name);
        assert_eq!(check(&|p| p.title = " x".into()), Error::Title);
        assert_eq!(check(&|p| p.title = "a\nb".into()), Error::Title);
        assert_eq!(check(&|p| p.certificate.clear()), Error::Certificate);
        assert_eq!(
            check(&|p| p.certificate = vec![0; 1025]),
            Error::Certificate
        );
        assert_eq!(check(&|p| p.addresses = vec!["a b".into()]), Error::Address);
        assert_eq!(
            check(&|p| p.addresses = vec!["a:1".into(); 5]),
            Error::Address
        );
    }

    #[test]
    fn a_fingerprint_is_read_in_digits() {
        let print = Fingerprint([0xFF; 16]);
        // 2¹²⁸ − 1 = 340282366 920938463463374607431768211455
        assert_eq!(print.to_string(), "92093 84634 63374 60743 17682 11455");
        assert!(print.is_shown_as("920938463463374 607431768211455"));
        assert!(!print.is_shown_as("920938463463374 607431768211456"));
        assert_eq!(
            Fingerprint([0; 16]).to_string(),
            "00000 00000 00000 00000 00000 00000"
        );
    }

    #[test]
    fn secrets_show_nothing_and_come_back() {
        let mut next = 0;
        let mut secrets = Secrets::draw(&mut |bytes| {
            next += 1;
            bytes.fill(next);
        });
        assert_eq!(format!("{secrets:?}"), "Secrets(..)");
        let again = Secrets::decode(&secrets.encode()).expect("secrets");
        assert_eq!(again.encode(), secrets.encode());
        assert_eq!(secrets.encode().len(), Secrets::BYTES);
        assert!(Secrets::decode(&secrets.encode()[1..]).is_none());
        let before = (secrets.origin(), secrets.stream_secret());
        secrets.renew_node(&mut |bytes| bytes.fill(9));
        assert_eq!(secrets.authority(), again.authority());
        assert_ne!((secrets.origin(), secrets.stream_secret()), before);
    }
}
