//! Who may log in: accounts, sessions and tokens.
//!
//! Passwords are kept as Argon2id hashes (RFC 9106), tokens as BLAKE3 hashes of 256
//! random bits; neither can be read back. A session, kept likewise, outlives the process:
//! who works an incident need not log in again because a node was restarted.

use crate::error::Error;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use twin_model::{Caller, Principal, Role, SourceId, Time};
use twin_store::Meta;

const ACCOUNTS: &str = "accounts";
const TOKENS: &str = "tokens";
const SESSIONS: &str = "sessions";

/// Failed log-ins of one name after which it must wait.
const ATTEMPTS_MAX: u32 = 5;
/// How long it must wait, in seconds.
const ATTEMPTS_WAIT_S: f64 = 60.0;
/// Most names whose failed attempts are remembered, and most sessions at a time.
const REMEMBERED_MAX: usize = 10_000;
/// NIST SP 800-63B-4 §3.1.1: at least 15 characters where the password is the only factor.
pub const PASSWORD_LENGTH_MIN: usize = 15;
const PASSWORD_LENGTH_MAX: usize = 1024;

/// A person who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name to log in with.
    pub name: String,
    /// In which role.
    pub role: Role,
}

/// A secret that lets a program in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public id, for removal.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// In which role it acts.
    pub role: Role,
    /// The source it claims for.
    pub source: Option<SourceId>,
    /// When it was made.
    pub created: Time,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// In which role it acts.
    pub role: Role,
    /// The source it claims for; required for the role `source`.
    pub source: Option<SourceId>,
}

/// A person who has logged in.
#[derive(Clone)]
pub struct Session {
    /// What the browser sends back; a secret.
    pub secret: String,
    /// Who.
    pub name: String,
    /// In which role.
    pub role: Role,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct AccountJson {
    role: String,
    password: String,
}

#[derive(Serialize, Deserialize)]
struct TokenJson {
    hash: String,
    label: String,
    role: String,
    source: Option<String>,
    created: i64,
}

#[derive(Serialize, Deserialize)]
struct SessionJson {
    name: String,
    role: String,
    began: i64,
}

#[derive(Debug)]
struct Live {
    caller: Caller,
    used: Time,
}

#[derive(Debug, Default, Clone, Copy)]
struct Attempts {
    failed: u32,
    last: Time,
}

/// All credentials of the node.
pub(crate) struct Credentials {
    meta: Arc<Meta>,
    session_idle_s: f64,
    sessions: Mutex<FxHashMap<[u8; 32], Live>>,
    tokens: RwLock<FxHashMap<[u8; 32], Caller>>,
    attempts: Mutex<FxHashMap<String, Attempts>>,
    setup_code: Mutex<Option<String>>,
    /// Held while accounts change and while a session is begun, so that an account that
    /// is removed during a log-in is not logged in, and one owner always remains.
    changing: Mutex<()>,
    /// What a log-in with an unknown name is checked against, so that it takes as long.
    decoy: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    pub(crate) fn open(meta: Arc<Meta>, session_idle_s: u64, now: Time) -> Result<Self, Error> {
        let session_idle_s = session_idle_s as f64;
        let mut tokens = FxHashMap::default();
        for (_, bytes) in meta.list(TOKENS)? {
            let token: TokenJson = parse("token", &bytes)?;
            if let (Some(hash), Some(caller)) = (unhex(&token.hash), caller_of(&token)) {
                tokens.insert(hash, caller);
            }
        }
        let sessions = stored_sessions(&meta, session_idle_s, now)?;
        let first = meta.list(ACCOUNTS)?.is_empty();
        Ok(Self {
            meta,
            session_idle_s,
            sessions: Mutex::new(sessions),
            tokens: RwLock::new(tokens),
            attempts: Mutex::default(),
            setup_code: Mutex::new(if first { Some(random_text(10)?) } else { None }),
            changing: Mutex::default(),
            decoy: hash_password(&random_text(32)?)?,
        })
    }

    /// The code that lets the first account be made, until it has been.
    pub(crate) fn setup_code(&self) -> Option<String> {
        lock(&self.setup_code).clone()
    }

    pub(crate) fn set_up(&self, code: &str, name: &str, password: &str) -> Result<(), Error> {
        // Taken out for the time of the attempt, so that the code works once even if two
        // people use it at the same instant.
        let Some(right) = lock(&self.setup_code).take() else {
            return Err(Error::Conflict("this node has been set up already".into()));
        };
        let done = if same_secret(&right, code) {
            self.add_account(name, password, Role::Owner)
        } else {
            let reason = "the set-up code is not the one printed at start".to_owned();
            Err(Error::Forbidden { reason })
        };
        if done.is_err() {
            *lock(&self.setup_code) = Some(right);
        }
        done
    }

    pub(crate) fn add_account(&self, name: &str, password: &str, role: Role) -> Result<(), Error> {
        check_name(name)?;
        let length = password.chars().count();
        if !(PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&length) {
            let rule =
                format!("a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters");
            return Err(Error::Invalid(rule));
        }
        if matches!(role, Role::Source | Role::Nobody) {
            return Err(Error::Invalid(
                "an account is for a person; sources get tokens".into(),
            ));
        }
        let account = AccountJson {
            role: role.as_str().into(),
            password: hash_password(password)?,
        };
        let _alone = lock(&self.changing);
        if role != Role::Owner {
            self.keep_an_owner(name)?;
        }
        self.meta
            .put(ACCOUNTS, name.as_bytes(), &to_json(&account))?;
        self.end_sessions_of(name)?;
        *lock(&self.setup_code) = None;
        Ok(())
    }

    pub(crate) fn remove_account(&self, name: &str) -> Result<(), Error> {
        let _alone = lock(&self.changing);
        if self.meta.get(ACCOUNTS, name.as_bytes())?.is_none() {
            return Err(not_found("account", name));
        }
        self.keep_an_owner(name)?;
        self.meta.delete(ACCOUNTS, name.as_bytes())?;
        self.end_sessions_of(name)?;
        Ok(())
    }

    /// Refuses when nobody but `name` is an owner: then nobody could make another.
    fn keep_an_owner(&self, name: &str) -> Result<(), Error> {
        let accounts = self.accounts()?;
        let mut owners = accounts.iter().filter(|a| a.role == Role::Owner);
        if owners.next().is_some_and(|owner| owner.name == name) && owners.next().is_none() {
            return Err(Error::Conflict(format!(
                "`{name}` is the only owner; make another first"
            )));
        }
        Ok(())
    }

    pub(crate) fn accounts(&self) -> Result<Vec<Account>, Error> {
        let mut accounts = Vec::new();
        for (name, bytes) in self.meta.list(ACCOUNTS)? {
            let name = text_key(name)?;
            let account: AccountJson = parse("account", &bytes)?;
            let role = Role::parse(&account.role).unwrap_or(Role::Nobody);
            accounts.push(Account { name, role });
        }
        Ok(accounts)
    }

    pub(crate) fn log_in(&self, name: &str, password: &str, now: Time) -> Result<Session, Error> {
        // No account is called so and no password is so long: refused without the slow
        // check, and without a place among the remembered attempts.
        if check_name(name).is_err() || password.len() > 4 * PASSWORD_LENGTH_MAX {
            return Err(Error::Unauthenticated);
        }
        self.count_attempt(name, now)?;
        let stored = self.meta.get(ACCOUNTS, name.as_bytes())?;
        let account = stored
            .as_deref()
            .map(|b| parse::<AccountJson>("account", b))
            .transpose()?;
        let hash = account
            .as_ref()
            .map_or(self.decoy.as_str(), |account| &account.password);
        let right = verify_password(hash, password);
        let Some(account) = account.filter(|_| right) else {
            return Err(Error::Unauthenticated);
        };
        let _alone = lock(&self.changing);
        if self.meta.get(ACCOUNTS, name.as_bytes())? != stored {
            return Err(Error::Unauthenticated);
        }
        lock(&self.attempts).remove(name);
        let role = Role::parse(&account.role).unwrap_or(Role::Nobody);
        let secret = random_text(32)?;
        let caller = Caller {
            principal: Principal::Account(name.into()),
            role,
        };
        let mut sessions = lock(&self.sessions);
        sessions.retain(|_, live| is_recent(live.used, now, self.session_idle_s));
        if sessions.len() >= REMEMBERED_MAX {
            return Err(Error::Busy("too many people are logged in".into()));
        }
        let key = fingerprint(&secret);
        let kept = SessionJson {
            name: name.to_owned(),
            role: account.role,
            began: now.0,
        };
        match self.meta.put(SESSIONS, &key, &to_json(&kept)) {
            // Whoever logs in while the disk is full can read; a restart ends the session.
            Err(twin_store::Error::Full(_)) => {
                tracing::warn!(account = name, "the disk is full: the session is not kept");
            }
            kept => kept?,
        }
        sessions.insert(key, Live { caller, used: now });
        Ok(Session {
            secret,
            name: name.to_owned(),
            role,
        })
    }

    pub(crate) fn log_out(&self, secret: &str) -> Result<(), Error> {
        let key = fingerprint(secret);
        lock(&self.sessions).remove(&key);
        self.meta.delete(SESSIONS, &key)?;
        Ok(())
    }

    pub(crate) fn caller_of_session(&self, secret: &str, now: Time) -> Option<Caller> {
        let mut sessions = lock(&self.sessions);
        let live = sessions.get_mut(&fingerprint(secret))?;
        if !is_recent(live.used, now, self.session_idle_s) {
            return None;
        }
        live.used = now;
        Some(live.caller.clone())
    }

    pub(crate) fn caller_of_token(&self, secret: &str) -> Option<Caller> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&fingerprint(secret)).cloned()
    }

    pub(crate) fn tokens(&self) -> Result<Vec<Token>, Error> {
        let mut tokens = Vec::new();
        for (id, bytes) in self.meta.list(TOKENS)? {
            let id = text_key(id)?;
            let json: TokenJson = parse("token", &bytes)?;
            tokens.push(Token {
                id,
                role: Role::parse(&json.role).unwrap_or(Role::Nobody),
                source: json.source.as_deref().and_then(|s| SourceId::new(s).ok()),
                label: json.label,
                created: Time(json.created),
            });
        }
        Ok(tokens)
    }

    pub(crate) fn add_token(&self, new: NewToken, now: Time) -> Result<(Token, String), Error> {
        if new.role == Role::Source && new.source.is_none() {
            return Err(Error::Invalid(
                "a token in the role `source` names its source".into(),
            ));
        }
        if new.label.len() > 200 || new.label.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "a label has at most 200 characters on one line".into(),
            ));
        }
        let (id, secret) = (random_text(9)?, format!("twin_{}", random_text(32)?));
        let hash = fingerprint(&secret);
        let json = TokenJson {
            hash: hex(&hash),
            label: new.label.clone(),
            role: new.role.as_str().into(),
            source: new.source.as_ref().map(ToString::to_string),
            created: now.0,
        };
        let caller = caller_of(&json).ok_or_else(|| Error::Invalid("no such role".into()))?;
        self.meta.put(TOKENS, id.as_bytes(), &to_json(&json))?;
        self.tokens_mut().insert(hash, caller);
        let token = Token {
            id,
            label: new.label,
            role: new.role,
            source: new.source,
            created: now,
        };
        Ok((token, secret))
    }

    pub(crate) fn remove_token(&self, id: &str) -> Result<(), Error> {
        let bytes = self
            .meta
            .get(TOKENS, id.as_bytes())?
            .ok_or_else(|| not_found("token", id))?;
        let json: TokenJson = parse("token", &bytes)?;
        self.meta.delete(TOKENS, id.as_bytes())?;
        if let Some(hash) = unhex(&json.hash) {
            self.tokens_mut().remove(&hash);
        }
        Ok(())
    }

    /// A token of the operator beside the data directory, valid while the process runs.
    pub(crate) fn operator_secret(&self) -> Result<String, Error> {
        let secret = format!("twin_operator_{}", random_text(32)?);
        self.tokens_mut()
            .insert(fingerprint(&secret), Caller::OPERATOR);
        Ok(secret)
    }

    fn tokens_mut(&self) -> std::sync::RwLockWriteGuard<'_, FxHashMap<[u8; 32], Caller>> {
        self.tokens.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_sessions_of(&self, name: &str) -> Result<(), Error> {
        let whose = Principal::Account(name.into());
        lock(&self.sessions).retain(|_, live| live.caller.principal != whose);
        for (key, bytes) in self.meta.list(SESSIONS)? {
            if parse::<SessionJson>("session", &bytes)?.name == name {
                self.meta.delete(SESSIONS, &key)?;
            }
        }
        Ok(())
    }

    /// Counts a log-in as failed until it succeeds, so that attempts in parallel count too.
    fn count_attempt(&self, name: &str, now: Time) -> Result<(), Error> {
        let mut attempts = lock(&self.attempts);
        attempts.retain(|_, a| is_recent(a.last, now, ATTEMPTS_WAIT_S));
        // Whoever tries ten thousand names a minute must not keep everybody else out.
        if attempts.len() >= REMEMBERED_MAX && !attempts.contains_key(name) {
            let oldest = attempts.iter().min_by_key(|(_, a)| a.last);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                attempts.remove(&oldest);
            }
        }
        let entry = attempts.entry(name.to_owned()).or_default();
        if entry.failed >= ATTEMPTS_MAX {
            return Err(Error::Busy(
                "too many failed log-ins for this name; wait a minute".into(),
            ));
        }
        *entry = Attempts {
            failed: entry.failed + 1,
            last: now,
        };
        Ok(())
    }
}

/// The sessions that have not run out; the others are forgotten.
fn stored_sessions(
    meta: &Meta,
    session_idle_s: f64,
    now: Time,
) -> Result<FxHashMap<[u8; 32], Live>, Error> {
    let mut sessions = FxHashMap::default();
    for (key, bytes) in meta.list(SESSIONS)? {
        let kept: SessionJson = parse("session", &bytes)?;
        let used = Time(kept.began);
        match (
            <[u8; 32]>::try_from(key.as_slice()),
            Role::parse(&kept.role),
        ) {
            (Ok(place), Some(role)) if is_recent(used, now, session_idle_s) => {
                let principal = Principal::Account(kept.name.into());
                let caller = Caller { principal, role };
                sessions.insert(place, Live { caller, used });
            }
            _ => drop(meta.delete(SESSIONS, &key)?),
        }
    }
    Ok(sessions)
}

/// Whether `then` is less than `within_s` from `now`, either way: after a clock that was
/// ahead has been set back, what happened then must not count for as long as it was ahead.
fn is_recent(then: Time, now: Time, within_s: f64) -> bool {
    now.seconds_since(then).abs() < within_s
}

fn caller_of(token: &TokenJson) -> Option<Caller> {
    let role = Role::parse(&token.role)?;
    let source = token
        .source
        .as_deref()
        .map(SourceId::new)
        .transpose()
        .ok()?;
    let principal = match source {
        Some(source) => Principal::Source(source),
        None => Principal::Account(format!("token:{}", token.label).into()),
    };
    Some(Caller { principal, role })
}

fn check_name(name: &str) -> Result<(), Error> {
    let ok = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if ok {
        return Ok(());
    }
    Err(Error::Invalid(
        "a name has 1 to 64 letters, digits, `.`, `-` or `_`".into(),
    ))
}

fn text_key(key: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(key).map_err(|_| Error::Snapshot("a stored name is damaged".into()))
}

fn not_found(what: &'static str, id: &str) -> Error {
    Error::NotFound {
        what,
        id: id.to_owned(),
    }
}

fn hash_password(password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| Error::Invalid(format!("the password cannot be used: {e}")))
}

fn verify_password(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Secrets are looked up by their hash: finding one takes as long as not finding it.
fn fingerprint(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

fn same_secret(a: &str, b: &str) -> bool {
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

/// `bytes` random bytes as text.
pub(crate) fn random_text(bytes: usize) -> Result<String, Error> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|e| Error::Io {
        what: "reading random bytes",
        cause: std::io::Error::other(e.to_string()),
    })?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}

fn parse<'a, T: Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::Snapshot(format!("a stored {what} is damaged: {e}")))
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("credentials hold nothing that JSON cannot")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(out)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
