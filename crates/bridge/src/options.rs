//! What the configuration says about one broker.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// MQTT 3.1.1.
    #[serde(rename = "3.1.1")]
    V3,
    /// MQTT 5.
    #[serde(rename = "5")]
    V5,
}

/// One broker: a section `[[mqtt]]` of the configuration, described in `docs/formats/points.md`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What the broker is called here; becomes part of the names of its points' source.
    pub name: String,
    /// `mqtt://host:1883` or `mqtts://host:8883`.
    pub url: String,
    /// By this name the broker knows which messages we have not acknowledged yet. Must be stable
    /// and used by nobody else. `twinternet-` and `name` if left out.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Topics that are subscribed to, with the wildcards `+` and `#`.
    #[serde(default = "everything")]
    pub topics: Vec<String>,
    /// Version of the protocol.
    #[serde(default = "version")]
    pub version: Version,
    /// Name to log in with.
    #[serde(default)]
    pub user: Option<String>,
    /// File with the password on its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// File with the certificates (PEM) of those who may vouch for the broker. Needed for `mqtts`.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// File with our certificate (PEM), where the broker wants one.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// File with its private key (PEM).
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Seconds after which a silent broker is asked whether it is still there.
    #[serde(default = "keep_alive")]
    pub keep_alive_s: u16,
    /// For how many seconds the broker is asked to keep messages for us while we are away
    /// (MQTT 5; with 3.1.1 the broker decides).
    #[serde(default = "week")]
    pub session_expiry_s: u32,
    /// Largest message; larger ones are reported and left out.
    #[serde(default = "message_bytes")]
    pub message_bytes_max: usize,
    /// Messages that may wait for the node; beyond it the broker is not read.
    #[serde(default = "queue_messages")]
    pub queue_messages_max: usize,
    /// Bytes of messages that may wait.
    #[serde(default = "queue_bytes")]
    pub queue_bytes_max: usize,
    /// Messages given to the node at a time.
    #[serde(default = "batch")]
    pub batch_messages_max: usize,
    /// Seconds to the second try after a failure; each further one takes twice as long.
    #[serde(default = "one")]
    pub retry_min_s: f64,
    /// Longest time between two tries.
    #[serde(default = "minute")]
    pub retry_max_s: f64,
}

fn everything() -> Vec<String> {
    vec!["#".to_owned()]
}
const fn version() -> Version {
    Version::V5
}
const fn keep_alive() -> u16 {
    30
}
const fn week() -> u32 {
    604_800
}
const fn message_bytes() -> usize {
    64 * 1024
}
const fn queue_messages() -> usize {
    10_000
}
const fn queue_bytes() -> usize {
    16 * 1024 * 1024
}
const fn batch() -> usize {
    1_000
}
const fn one() -> f64 {
    1.0
}
const fn minute() -> f64 {
    60.0
}

/// Why a broker cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("`{0}` is no address of a broker; write `mqtt://host:1883` or `mqtts://host:8883`")]
    Url(String),
    /// A value is out of bounds.
    #[error("`{field}` of broker `{broker}` must be {wanted}")]
    Value {
        /// Which broker.
        broker: String,
        /// Which field.
        field: &'static str,
        /// What is allowed.
        wanted: &'static str,
    },
    /// A file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A TLS setting does not fit.
    #[error("broker `{broker}`: {reason}")]
    Tls {
        /// Which broker.
        broker: String,
        /// What is wrong.
        reason: String,
    },
}

/// Where the broker is and how it is spoken to, checked.
pub(crate) struct Target {
    pub(crate) options: Options,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    pub(crate) client_id: String,
    pub(crate) password: Option<String>,
}

impl Target {
    pub(crate) fn check(options: Options) -> Result<Self, Error> {
        let (secure, host, port) =
            parts(&options.url).ok_or_else(|| Error::Url(options.url.clone()))?;
        check_bounds(&options)?;
        let tls = if secure {
            let name =
                ServerName::try_from(host.clone()).map_err(|_| Error::Url(options.url.clone()))?;
            Some((Arc::new(tls(&options)?), name))
        } else {
            None
        };
        let password = options
            .password_file
            .as_deref()
            .map(first_line)
            .transpose()?;
        let client_id = options
            .client_id
            .clone()
            .unwrap_or_else(|| format!("twinternet-{}", options.name));
        Ok(Self {
            options,
            host,
            port,
            tls,
            client_id,
            password,
        })
    }

    pub(crate) fn retry_min(&self) -> Duration {
        Duration::from_secs_f64(self.options.retry_min_s)
    }

    pub(crate) fn retry_max(&self) -> Duration {
        Duration::from_secs_f64(self.options.retry_max_s)
    }
}

/// Scheme, host and port of an address.
fn parts(url: &str) -> Option<(bool, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let (secure, usual) = match scheme {
        "mqtt" | "tcp" => (false, 1883),
        "mqtts" | "ssl" => (true, 8883),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let bare = |host: &str| host.trim_matches(['[', ']']).to_owned();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (bare(host), port.parse().ok()?),
        _ => (bare(rest), usual),
    };
    let host_ok = !host.is_empty() && !host.contains(['/', '@', ' ', '?']);
    host_ok.then_some((secure, host, port))
}

fn check_bounds(options: &Options) -> Result<(), Error> {
    let value = |ok: bool, field, wanted| {
        let broker = options.name.clone();
        if ok {
            Ok(())
        } else {
            Err(Error::Value {
                broker,
                field,
                wanted,
            })
        }
    };
    let named = !options.name.is_empty()
        && options.name.len() <= 64
        && options
            .name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    value(
        named,
        "name",
        "1 to 64 lower-case letters, digits and hyphens",
    )?;
    let topic = |t: &String| !t.is_empty() && t.len() <= 1_024 && !t.contains('\0');
    let topics = (1..=1_000).contains(&options.topics.len()) && options.topics.iter().all(topic);
    value(topics, "topics", "1 to 1,000 topics of 1 to 1,024 bytes")?;
    value(options.keep_alive_s >= 1, "keep_alive_s", "at least 1")?;
    let message = (1..=16 << 20).contains(&options.message_bytes_max);
    value(message, "message_bytes_max", "1 to 16777216")?;
    let queue = (1..=1_000_000).contains(&options.queue_messages_max);
    value(queue, "queue_messages_max", "1 to 1000000")?;
    let bytes = options.queue_bytes_max >= options.message_bytes_max;
    value(bytes, "queue_bytes_max", "at least `message_bytes_max`")?;
    value(
        options.batch_messages_max >= 1,
        "batch_messages_max",
        "at least 1",
    )?;
    let retry = options.retry_min_s > 0.0
        && options.retry_max_s >= options.retry_min_s
        && options.retry_max_s <= 86_400.0;
    value(
        retry,
        "retry_min_s",
        "more than 0 and no more than `retry_max_s`",
    )
}

fn tls(options: &Options) -> Result<ClientConfig, Error> {
    let wrong = |reason: String| Error::Tls {
        broker: options.name.clone(),
        reason,
    };
    let Some(ca_file) = &options.ca_file else {
        let reason = "`mqtts` needs `ca_file`, the certificates of those who may vouch for it";
        return Err(wrong(reason.to_owned()));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_file)? {
        roots
            .add(certificate)
            .map_err(|error| wrong(format!("`ca_file`: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots);
    match (&options.certificate_file, &options.key_file) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key_file)) => {
            let key = PrivateKeyDer::from_pem_file(key_file).map_err(|e| unread(key_file, &e))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, key)
                .map_err(|error| wrong(error.to_string()))
        }
        _ => Err(wrong(
            "`certificate_file` and `key_file` belong together".to_owned(),
        )),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|error| unread(path, &error))?
        .collect();
    let all = all.map_err(|error| unread(path, &error))?;
    if all.is_empty() {
        return Err(unread(path, &"it holds no certificate"));
    }
    Ok(all)
}

fn unread(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn first_line(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| unread(path, &error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(more: &str) -> Result<Target, String> {
        let text = format!("name = \"bms\"\n{more}");
        let options: Options = toml::from_str(&text).map_err(|error| error.to_string())?;
        Target::check(options).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_suffice() {
        let target = options("url = \"mqtt://broker\"").ok().unwrap();
        assert_eq!((target.host.as_str(), target.port), ("broker", 1883));
        assert_eq!(target.client_id, "twinternet-bms");
        assert_eq!(target.options.topics, ["#"]);
    }

    #[test]
    fn addresses() {
        let parts = |url: &str| parts(url).map(|(s, h, p)| format!("{s} {h} {p}"));
        for (url, expected) in [
            ("mqtt://10.0.0.1:1884", Some("false 10.0.0.1 1884")),
            ("mqtts://broker.example/", Some("true broker.example 8883")),
            ("mqtt://[::1]:1883", Some("false ::1 1883")),
            ("mqtt://[::1]", Some("false ::1 1883")),
            ("http://x", None),
            ("broker:1883", None),
            ("mqtt://user@host", None),
            ("mqtt://host:port", None),
        ] {
            assert_eq!(parts(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn what_cannot_work_is_said_at_once() {
        for (more, expected) in [
            ("url = \"broker\"", "no address of a broker"),
            ("url = \"mqtts://b\"", "needs `ca_file`"),
            ("url = \"mqtt://b\"\ntopics = []", "`topics`"),
            (
                "url = \"mqtt://b\"\nretry_min_s = 9\nretry_max_s = 3",
                "`retry_min_s`",
            ),
            (
                "url = \"mqtt://b\"\npassword_file = \"/nowhere\"",
                "`/nowhere` cannot be read",
            ),
            ("url = \"mqtt://b\"\nport = 3", "unknown field"),
        ] {
            let error = options(more).err().unwrap_or_default();
            assert!(error.contains(expected), "{more}: {error}");
        }
    }
}
