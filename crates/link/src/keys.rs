//! Keys: what makes a stream readable to its audience and to nobody in between.
//!
//! Each stream has a key of its own for at most a day. The origin hands it to each
//! recipient sealed to that recipient alone, so any vehicle may carry both. What is about
//! one person is sealed once more under a key of that person; destroying the key erases
//! what was said, on every disk at once.

use crate::bundle::{Header, NONCE_BYTES};
use crate::bytes::{Cursor, put_bytes, put_varint};
use crate::error::Error;
use crate::id::StreamId;
use crate::limits::{GRANT_BYTES_MAX, GRANT_KEYS_MAX};
use crate::opening::Identity;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use std::convert::Infallible;

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type Aead = hpke::aead::ChaCha20Poly1305;

const NONCE_CONTEXT: &str = "twinternet link 1 nonce";
const HINT_CONTEXT: &str = "twinternet link 1 hint";
const GRANT_CONTEXT: &[u8] = b"twinternet link 1 grant";
const CERTIFICATE_CONTEXT: &[u8] = b"twinternet link 1 certificate";
const KIND_EPOCH: u8 = 1;
const KIND_SUBJECT: u8 = 2;
const KIND_SEVERAL: u8 = 3;

/// A symmetric key of one epoch or one person.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// From 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Encrypts `plaintext` and puts the nonce into the header.
    ///
    /// ```
    /// use twin_link::{BundleHash, Header, SecretKey, StreamId};
    /// let key = SecretKey::new([7; 32]);
    /// let mut header = Header::new(StreamId([1; 16]), 1, BundleHash::NONE, 1, None);
    /// let content = key.seal(&mut header, b"smoke in stair B")?;
    /// assert_eq!(key.open(&header, &content)?, b"smoke in stair B");
    /// # Ok::<(), twin_link::Error>(())
    /// ```
    pub fn seal(&self, header: &mut Header, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, content) = self.seal_with(&header.associated(), plaintext)?;
        header.nonce = nonce;
        Ok(content)
    }

    /// Decrypts the content of a bundle.
    pub fn open(&self, header: &Header, content: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_with(&header.associated(), &header.nonce, content)
    }

    pub(crate) fn seal_with(
        &self,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<([u8; NONCE_BYTES], Vec<u8>), Error> {
        let nonce = self.nonce(associated, plaintext);
        let payload = Payload {
            msg: plaintext,
            aad: associated,
        };
        self.cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .map(|content| (nonce, content))
            .map_err(|_| Error::TooMany("bytes to encrypt"))
    }

    pub(crate) fn open_with(
        &self,
        associated: &[u8],
        nonce: &[u8; NONCE_BYTES],
        content: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let payload = Payload {
            msg: content,
            aad: associated,
        };
        let plaintext = self
            .cipher()
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| Error::Decrypt)?;
        // The cipher alone would let two keys open one content differently; the nonce binds
        // content to key.
        if self.nonce(associated, &plaintext) == *nonce {
            Ok(plaintext)
        } else {
            Err(Error::Decrypt)
        }
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }

    /// Synthetic nonce (Rogaway and Shrimpton 2006): a keyed hash of all that is sealed.
    fn nonce(&self, associated: &[u8], plaintext: &[u8]) -> [u8; NONCE_BYTES] {
        let key = blake3::derive_key(NONCE_CONTEXT, &self.0);
        let mut hasher = blake3::Hasher::new_keyed(&key);
        hasher.update(&(associated.len() as u64).to_le_bytes());
        hasher.update(associated).update(plaintext);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&hasher.finalize().as_bytes()[..NONCE_BYTES]);
        nonce
    }
}

/// Randomness that the caller drew, stretched by BLAKE3: a pure core draws none itself.
struct Entropy(blake3::OutputReader);

impl Entropy {
    fn new(seed: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("twinternet link 1 entropy");
        hasher.update(seed);
        Self(hasher.finalize_xof())
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill(&mut out);
        out
    }
}

impl TryRng for Entropy {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}

/// A recipient's public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(<Kem as hpke::Kem>::PublicKey);

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Recipient").field(&self.to_bytes()).finish()
    }
}

impl Recipient {
    /// From the bytes in a member list.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        <Kem as hpke::Kem>::PublicKey::from_bytes(bytes)
            .map(Self)
            .map_err(|_| Error::Malformed("a recipient's key"))
    }

    /// As in a member list.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }
}

/// The secret by which a node reads what is granted to it.
#[derive(Clone)]
pub struct ReaderSecret {
    secret: <Kem as hpke::Kem>::PrivateKey,
    /// What others seal to.
    pub recipient: Recipient,
}

impl std::fmt::Debug for ReaderSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReaderSecret")
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

impl ReaderSecret {
    /// From 32 random bytes.
    pub fn new(random: &[u8; 32]) -> Self {
        let (secret, public) = Kem::derive_keypair(random);
        Self {
            secret,
            recipient: Recipient(public),
        }
    }
}

/// What a key lets its holder read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The bundles of one epoch of the stream.
    Epoch(u64),
    /// The records about one person, by the number of the key.
    Subject(u64),
}

impl Scope {
    fn put(self, out: &mut Vec<u8>, key: &SecretKey) {
        let (kind, number) = match self {
            Self::Epoch(number) => (KIND_EPOCH, number),
            Self::Subject(number) => (KIND_SUBJECT, number),
        };
        out.push(kind);
        out.extend_from_slice(&key.0);
        put_varint(out, number);
    }

    fn get(kind: u8, cursor: &mut Cursor<'_>) -> Option<(Self, SecretKey)> {
        let key = SecretKey(cursor.array()?);
        let number = cursor.varint()?;
        match kind {
            KIND_EPOCH => Some((Self::Epoch(number), key)),
            KIND_SUBJECT => Some((Self::Subject(number), key)),
            _ => None,
        }
    }
}

/// Keys of one stream, what they open, and the node's signed word that this is so. The
/// signature is over the keys too, so that one reader cannot give another a wrong key in the
/// writer's name. Many keys in one grant cost a fifth of a grant for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The keys, each with what it opens.
    pub keys: Vec<(Scope, SecretKey)>,
    /// The stream.
    pub stream: StreamId,
    /// Who writes the stream, and for whom.
    pub identity: Identity,
    signature: Signature,
}

impl Granted {
    /// Signs with the key of the node that writes the stream: one key or several, at most
    /// [`GRANT_KEYS_MAX`].
    pub fn sign(
        node: &SigningKey,
        keys: Vec<(Scope, SecretKey)>,
        stream: StreamId,
        identity: Identity,
    ) -> Result<Self, Error> {
        if keys.is_empty() || keys.len() > GRANT_KEYS_MAX {
            return Err(Error::TooMany("keys in a grant"));
        }
        let mut granted = Self {
            keys,
            stream,
            identity,
            signature: Signature::from_bytes(&[0; 64]),
        };
        granted.signature = node.sign(&granted.message());
        Ok(granted)
    }

    /// Whether the node with this key signed it. Which key the stated origin has is for the
    /// member list to say.
    pub fn verify(&self, node: &VerifyingKey) -> Result<(), Error> {
        node.verify_strict(&self.message(), &self.signature)
            .map_err(|_| Error::Signature("a grant"))
    }

    /// Seals to one recipient. `random` must be drawn freshly for each grant.
    pub fn seal(&self, recipient: &Recipient, random: &[u8; 32]) -> Result<Grant, Error> {
        let mut plaintext = self.fields();
        plaintext.extend_from_slice(&self.signature.to_bytes());
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
            &OpModeS::Base,
            &recipient.0,
            GRANT_CONTEXT,
            &plaintext,
            &[],
            &mut Entropy::new(random),
        )
        .map_err(|_| Error::Malformed("a recipient's key"))?;
        let encapsulated: [u8; 32] = encapsulated.to_bytes().into();
        Ok(Grant {
            hint: hint(recipient, &encapsulated),
            encapsulated,
            ciphertext,
        })
    }

    fn message(&self) -> Vec<u8> {
        [CERTIFICATE_CONTEXT, &self.fields()].concat()
    }

    fn fields(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.keys.len() > 1 {
            out.push(KIND_SEVERAL);
            put_varint(&mut out, self.keys.len() as u64);
        }
        for (scope, key) in &self.keys {
            scope.put(&mut out, key);
        }
        out.extend_from_slice(&self.stream.0);
        out.extend_from_slice(&self.identity.encode());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let keys = match cursor.u8()? {
            KIND_SEVERAL => {
                let count = cursor.count(34)?;
                let count = (2..=GRANT_KEYS_MAX).contains(&count).then_some(count)?;
                let keys = (0..count).map(|_| {
                    let kind = cursor.u8()?;
                    Scope::get(kind, &mut cursor)
                });
                keys.collect::<Option<Vec<_>>>()?
            }
            kind => vec![Scope::get(kind, &mut cursor)?],
        };
        let granted = Self {
            keys,
            stream: StreamId(cursor.array()?),
            identity: Identity::get(&mut cursor)?,
            signature: Signature::from_bytes(&cursor.array()?),
        };
        cursor.is_empty().then_some(granted)
    }
}

/// Keys, sealed to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    hint: [u8; 8],
    encapsulated: [u8; 32],
    ciphertext: Vec<u8>,
}

impl Grant {
    /// Whether it is worth trying: meant for this reader, but for one chance in 2⁶⁴.
    pub fn is_for(&self, reader: &ReaderSecret) -> bool {
        self.hint == hint(&reader.recipient, &self.encapsulated)
    }

    /// Unseals. Whose stream it is must be checked against the member list:
    /// [`Granted::verify`].
    pub fn open(&self, reader: &ReaderSecret) -> Result<Granted, Error> {
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&self.encapsulated)
            .map_err(|_| Error::Malformed("a grant"))?;
        let plaintext = hpke::single_shot_open::<Aead, Kdf, Kem>(
            &OpModeR::Base,
            &reader.secret,
            &encapsulated,
            GRANT_CONTEXT,
            &self.ciphertext,
            &[],
        )
        .map_err(|_| Error::Decrypt)?;
        Granted::decode(&plaintext).ok_or(Error::Malformed("a grant"))
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [&self.hint[..], &self.encapsulated].concat();
        put_bytes(&mut out, &self.ciphertext);
        out
    }

    /// Reads the form that travels.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        let whole = (|| {
            Some(Self {
                hint: cursor.array()?,
                encapsulated: cursor.array()?,
                ciphertext: cursor.bytes()?.to_vec(),
            })
        })();
        whole
            .filter(|_| cursor.is_empty() && bytes.len() <= GRANT_BYTES_MAX)
            .ok_or(Error::Malformed("a grant"))
    }
}

fn hint(recipient: &Recipient, encapsulated: &[u8; 32]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key(HINT_CONTEXT);
    hasher.update(&recipient.to_bytes()).update(encapsulated);
    let mut out = [0; 8];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    out
}
