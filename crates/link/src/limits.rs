//! The largest size of everything. What is larger is refused, never truncated.

/// Bytes of the content of a bundle. At 9.6 kbit/s these are 55 s, so a bundle travels in
/// parts between which more urgent ones pass.
pub const CONTENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a bundle body: content, header fields and signature.
pub const BODY_BYTES_MAX: usize = CONTENT_BYTES_MAX + 160;
/// Records in a bundle.
pub const RECORDS_MAX: usize = 4096;
/// Sections in a payload.
pub const SECTIONS_MAX: usize = 256;
/// Topics that one epoch of a stream can name.
pub const TOPICS_MAX: usize = 1 << 16;
/// Ranges that one gap certificate or one HAVE line can state.
pub const RANGES_MAX: usize = 64;
/// Gap certificates that are kept for one stream.
pub const CERTIFICATES_MAX: usize = 64;
/// Streams that a node carries.
pub const STREAMS_MAX: usize = 16 * 1024;
/// Streams of which is remembered who answers for them, met already or not.
pub const PAYERS_MAX: usize = 4 * STREAMS_MAX;
/// Streams that one peer may introduce: a member cannot fill a relay with invented streams.
pub const STREAMS_PER_PEER_MAX: usize = 4 * 1024;
/// Bytes of a frame on any carrier.
pub const FRAME_BYTES_MAX: usize = 16 * 1024;
/// The smallest frame in which every message fits: LoRa carries 255 bytes, KISS 256.
pub const FRAME_BYTES_MIN: usize = 200;
/// Frames under way to one peer before the oldest must be acknowledged.
pub const FRAMES_IN_FLIGHT_MAX: usize = 4096;
/// Unfinished bundles that are kept per peer.
pub const PARTIALS_MAX: usize = 64;
/// How far past the first missing bundle a sequence number may lie. A stream that skips
/// further without certificates is not believed.
pub const AHEAD_MAX: u64 = 1 << 32;
/// Longest life of an epoch key.
pub const EPOCH_S_MAX: i64 = 24 * 3600;
/// Keys in a grant.
pub const GRANT_KEYS_MAX: usize = 100;
/// Bytes of a grant: HPKE encapsulation, keys with their numbers, stream certificate.
pub const GRANT_BYTES_MAX: usize = 256 + GRANT_KEYS_MAX * 43;
/// Topics that a stream can speak about in all its epochs.
pub const STREAM_TOPICS_MAX: usize = 4 * TOPICS_MAX;
/// Epochs of a stream whose topics a reader remembers: a month and more. A bundle that is
/// later than that is read after its topics are read again.
pub const EPOCHS_READ_MAX: usize = 40;
/// Keys that a reader keeps.
pub const KEYS_MAX: usize = 1 << 18;
