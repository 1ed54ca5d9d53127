//! One connection to a broker: dialled, let in and subscribed.

use crate::codec::{Broken, Reader, Said, Say};
use crate::options::{Target, Version};
use bytes::BytesMut;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Time in which a broker must answer while it lets us in, and take what we send.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// Most bytes read at once.
const READ_BYTES: usize = 64 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why there is no connection, or no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// Nobody answers, or the connection broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It answers too late.
    #[error("it does not answer")]
    Silent,
    /// It closed the connection.
    #[error("it closed the connection{0}")]
    Closed(String),
    /// It does not let us in.
    #[error("{0}")]
    Refused(String),
    /// It does not speak the protocol.
    #[error(transparent)]
    Broken(#[from] Broken),
}

pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    reader: Reader,
    version: Version,
    incoming: BytesMut,
    outgoing: BytesMut,
}

/// What a broker said when it let us in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Welcome {
    /// Whether it remembers us.
    pub(crate) remembered: bool,
    /// After how long it wants to hear of us.
    pub(crate) keep_alive: Duration,
}

impl Connection {
    /// Dials, logs in and asks for the topics; what is refused of these comes later.
    pub(crate) async fn open(target: &Target) -> Result<(Self, Welcome), Lost> {
        let dialled = timeout(ANSWER_TIME, dial(target)).await;
        let stream = dialled.map_err(|_| Lost::Silent)??;
        let version = target.options.version;
        let mut connection = Self {
            stream,
            reader: Reader::new(version, target.options.message_bytes_max),
            version,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
        };
        connection.say(Say::Hello(target)).await?;
        let answered = timeout(ANSWER_TIME, connection.heard()).await;
        match answered.map_err(|_| Lost::Silent)?? {
            Said::Welcome {
                session_present,
                keep_alive_s,
            } => {
                connection.say(Say::Subscribe(target)).await?;
                let seconds = keep_alive_s
                    .filter(|s| *s > 0)
                    .unwrap_or(target.options.keep_alive_s);
                let welcome = Welcome {
                    remembered: session_present,
                    keep_alive: Duration::from_secs(u64::from(seconds)),
                };
                Ok((connection, welcome))
            }
            Said::Refused(reason) => Err(Lost::Refused(reason)),
            _ => Err(Broken("its first word is no answer".to_owned()).into()),
        }
    }

    /// The next thing that the broker says. Nothing is lost when it is not waited for to the end.
    pub(crate) async fn heard(&mut self) -> Result<Said, Lost> {
        loop {
            if let Some(said) = self.reader.next(&mut self.incoming)? {
                return Ok(said);
            }
            self.incoming.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Err(Lost::Closed(String::new()));
            }
        }
    }

    pub(crate) async fn say(&mut self, say: Say<'_>) -> Result<(), Lost> {
        say.write(self.version, &mut self.outgoing)?;
        self.flush().await
    }

    pub(crate) async fn acknowledge(&mut self, numbers: &[u16]) -> Result<(), Lost> {
        for number in numbers {
            Say::Acknowledge(*number).write(self.version, &mut self.outgoing)?;
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Lost> {
        let sent = async {
            self.stream.write_all(&self.outgoing).await?;
            self.stream.flush().await
        };
        timeout(ANSWER_TIME, sent)
            .await
            .map_err(|_| Lost::Silent)??;
        self.outgoing.clear();
        Ok(())
    }
}

async fn dial(target: &Target) -> Result<Box<dyn Stream>, io::Error> {
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
    stream.set_nodelay(true)?;
    match &target.tls {
        None => Ok(Box::new(stream)),
        Some((config, name)) => {
            let connector = TlsConnector::from(config.clone());
            Ok(Box::new(connector.connect(name.clone(), stream).await?))
        }
    }
}
