//! Segments: old claims as Parquet files, sorted so that one series in one stretch of
//! time lies together. The columns are drawn in `docs/formats/segment.md`.

mod columns;

use crate::backend::{Backend, File, read_exact_at, remove_if_there, write_all_at};
use crate::manifest::Segment;
use crate::{Error, batch};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use bytes::Bytes;
use columns::Decoder;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;
use twin_model::catalogue::Retention;
use twin_model::{Attribute, Claim, EntityId, Time};

const ROWS_PER_GROUP: usize = 1 << 17;
const ROWS_PER_BATCH: usize = 1 << 13;

/// Name of the file for one class of one log file; a new edition follows an erasure.
pub(crate) fn name(log_number: u32, class: Retention, edition: u32) -> String {
    format!("seg-{log_number:08}-{}-{edition}.parquet", class.as_str())
}

/// The edition in a segment's name.
pub(crate) fn edition(name: &str) -> u32 {
    let digits = name
        .strip_suffix(".parquet")
        .and_then(|s| s.rsplit('-').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The order of rows.
pub(crate) fn sort(claims: &mut [Claim]) {
    claims.sort_unstable_by(|a, b| {
        let (x, y) = (&a.statement, &b.statement);
        x.attribute
            .cmp(&y.attribute)
            .then(x.observed.cmp(&y.observed))
            .then_with(|| x.entity.cmp(&y.entity))
            .then_with(|| a.source.cmp(&b.source))
            .then(a.id.cmp(&b.id))
    });
}

/// Writes sorted claims, at least one, as a durable file that was read back.
pub(crate) fn write(
    backend: &dyn Backend,
    name: &str,
    class: Retention,
    claims: &[Claim],
) -> Result<Segment, Error> {
    let temporary = format!("{name}.tmp");
    let written = write_file(backend, &temporary, claims).and_then(|(file, bytes, crc)| {
        let written = OpenSegment::new(file, bytes).map_err(|e| bad(name, &e))?;
        written.compare(name, claims)?;
        backend
            .rename(&temporary, name)
            .map_err(|e| Error::io(name, e))?;
        backend.sync_directory().map_err(Error::sync)?;
        Ok((bytes, crc))
    });
    let (bytes, crc) = match written {
        Ok(written) => written,
        Err(error) => {
            // Only takes space; opening removes it too.
            let _ = backend.remove(&temporary);
            return Err(error);
        }
    };
    let observed = claims.iter().map(|claim| claim.statement.observed);
    let sequences = claims.iter().map(|claim| claim.id.sequence);
    Ok(Segment {
        name: name.to_owned(),
        class,
        rows: claims.len() as u64,
        bytes,
        crc,
        observed_min: observed.clone().min().unwrap_or_default(),
        observed_max: observed.max().unwrap_or_default(),
        sequences: (
            sequences.clone().min().unwrap_or_default(),
            sequences.max().unwrap_or_default(),
        ),
    })
}

fn write_file(
    backend: &dyn Backend,
    name: &str,
    claims: &[Claim],
) -> Result<(Arc<dyn File>, u64, u32), Error> {
    let io = |e| Error::io(name, e);
    remove_if_there(backend, name).map_err(io)?;
    let file = backend.create(name).map_err(io)?;
    let sink = Sink {
        file: Arc::clone(&file),
        at: 0,
        crc: crc32fast::Hasher::new(),
    };
    let parquet = |e: ParquetError| match e {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => Error::io(name, *source),
            Err(other) => Error::io(name, io::Error::other(other)),
        },
        other => Error::io(name, io::Error::other(other)),
    };
    let schema = columns::schema();
    let mut writer =
        ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties())).map_err(parquet)?;
    for chunk in claims.chunks(ROWS_PER_BATCH) {
        let batch = columns::encode(&schema, chunk).map_err(|e| parquet(e.into()))?;
        writer.write(&batch).map_err(parquet)?;
    }
    let sink = writer.into_inner().map_err(parquet)?;
    file.sync().map_err(Error::sync)?;
    Ok((file, sink.at, sink.crc.finalize()))
}

fn properties() -> WriterProperties {
    let entity = || ColumnPath::from("entity");
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_column_bloom_filter_enabled(entity(), true)
        .set_column_bloom_filter_fpp(entity(), 0.01)
        .set_column_bloom_filter_max_ndv(entity(), 20_000)
        .set_column_dictionary_enabled(ColumnPath::from("sequence"), false)
        .set_column_encoding(
            ColumnPath::from("sequence"),
            parquet::basic::Encoding::DELTA_BINARY_PACKED,
        )
        .set_column_dictionary_enabled(ColumnPath::from("observed"), false)
        .set_column_encoding(
            ColumnPath::from("observed"),
            parquet::basic::Encoding::DELTA_BINARY_PACKED,
        )
        .set_created_by("twinternet".to_owned())
        .build()
}

struct Sink {
    file: Arc<dyn File>,
    at: u64,
    crc: crc32fast::Hasher,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_all_at(&*self.file, self.at, bytes)?;
        self.at += bytes.len() as u64;
        self.crc.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Which claims of a segment.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) entity: EntityId,
    pub(crate) attribute: Attribute,
    /// From (inclusive) to (inclusive).
    pub(crate) observed: (Time, Time),
    /// Sequence numbers below this.
    pub(crate) before_sequence: u64,
}

/// A segment whose checksum was checked and whose footer is in memory.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    chunks: Chunks,
    metadata: ArrowReaderMetadata,
}

impl OpenSegment {
    /// Opens a segment of the manifest and checks all its bytes.
    pub(crate) fn open(backend: &dyn Backend, segment: &Segment) -> Result<Self, Error> {
        let file = check(backend, segment)?;
        Self::new(file, segment.bytes).map_err(|e| bad(&segment.name, &e))
    }

    fn new(file: Arc<dyn File>, length: u64) -> Result<Self, ParquetError> {
        let chunks = Chunks { file, length };
        let metadata = ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::new())?;
        Ok(Self { chunks, metadata })
    }

    fn builder(&self) -> ParquetRecordBatchReaderBuilder<Chunks> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.chunks.clone(),
            self.metadata.clone(),
        )
        .with_batch_size(ROWS_PER_BATCH)
    }

    /// Every claim, in the order of the file, some thousand at a time.
    pub(crate) fn each(
        &self,
        name: &str,
        mut take: impl FnMut(Vec<Claim>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let reader = self.builder().build().map_err(|e| bad(name, &e))?;
        let mut decoder = Decoder::default();
        for batch in reader {
            let batch = batch.map_err(|e| bad(name, &e))?;
            take(claims_of(name, &mut decoder, &batch)?)?;
        }
        Ok(())
    }

    /// The claims that are wanted, in the order of the file.
    pub(crate) fn select(&self, name: &str, wanted: &Wanted) -> Result<Vec<Claim>, Error> {
        let builder = self.builder();
        let mut groups = Vec::new();
        for i in 0..self.metadata.metadata().num_row_groups() {
            let group = self.metadata.metadata().row_group(i);
            if may_hold(group, wanted)
                && bloom_allows(&builder, i, wanted).map_err(|e| bad(name, &e))?
            {
                groups.push(i);
            }
        }
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let (twin, series) = (wanted.clone(), wanted.clone());
        // First the column that excludes most; the others are then read only where needed.
        let predicates = vec![
            self.predicate(&["entity"], move |batch| columns::of_entity(batch, &twin)),
            self.predicate(&["attribute", "observed", "sequence"], move |batch| {
                columns::of_series(batch, &series)
            }),
        ];
        let builder = builder.with_row_groups(groups);
        read(name, builder, RowFilter::new(predicates))
    }

    /// The claim with that sequence number.
    pub(crate) fn find(&self, name: &str, sequence: u64) -> Result<Option<Claim>, Error> {
        let predicate = self.predicate(&["sequence"], move |batch| {
            columns::of_sequence(batch, sequence)
        });
        Ok(read(name, self.builder(), RowFilter::new(vec![predicate]))?.pop())
    }

    fn predicate(
        &self,
        names: &[&str],
        mut test: impl FnMut(&RecordBatch) -> Result<BooleanArray, ArrowError> + Send + 'static,
    ) -> Box<dyn ArrowPredicate> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), names.iter().copied());
        Box::new(ArrowPredicateFn::new(mask, move |batch| test(&batch)))
    }

    /// Whether the file holds exactly these claims: what makes it safe to let go of the
    /// log they came from.
    fn compare(&self, name: &str, claims: &[Claim]) -> Result<(), Error> {
        let mut rest = claims;
        self.each(name, |read| {
            let same = rest
                .split_at_checked(read.len())
                .filter(|(expected, _)| batch::same_claims(expected, &read));
            let Some((_, left)) = same else {
                return Err(damaged(name, "it does not hold what was written"));
            };
            rest = left;
            Ok(())
        })?;
        if rest.is_empty() {
            return Ok(());
        }
        Err(damaged(name, "it holds fewer claims than were written"))
    }
}

fn read(
    name: &str,
    builder: ParquetRecordBatchReaderBuilder<Chunks>,
    filter: RowFilter,
) -> Result<Vec<Claim>, Error> {
    let reader = builder
        .with_row_filter(filter)
        .build()
        .map_err(|e| bad(name, &e))?;
    let (mut claims, mut decoder) = (Vec::new(), Decoder::default());
    for batch in reader {
        let batch = batch.map_err(|e| bad(name, &e))?;
        claims.append(&mut claims_of(name, &mut decoder, &batch)?);
    }
    Ok(claims)
}

fn claims_of(name: &str, decoder: &mut Decoder, batch: &RecordBatch) -> Result<Vec<Claim>, Error> {
    decoder
        .claims(batch)
        .ok_or_else(|| damaged(name, "a row is not a claim"))
}

fn may_hold(group: &RowGroupMetaData, wanted: &Wanted) -> bool {
    let statistics = |name: &str| {
        let column = group
            .columns()
            .iter()
            .find(|column| column.column_path().string() == name)?;
        column.statistics()
    };
    let attribute = wanted.attribute.as_str().as_bytes();
    let attribute_inside = match statistics("attribute") {
        Some(s) => {
            // Long names are cut in statistics; a cut minimum is still a lower bound.
            let low = s.min_bytes_opt().is_none_or(|min| min <= attribute);
            let high = s.max_bytes_opt().is_none_or(|max| attribute <= max);
            low && high
        }
        None => true,
    };
    let observed_inside = match statistics("observed") {
        Some(Statistics::Int64(s)) => {
            s.min_opt().is_none_or(|&min| min <= wanted.observed.1.0)
                && s.max_opt().is_none_or(|&max| wanted.observed.0.0 <= max)
        }
        _ => true,
    };
    attribute_inside && observed_inside
}

fn bloom_allows(
    builder: &ParquetRecordBatchReaderBuilder<Chunks>,
    group: usize,
    wanted: &Wanted,
) -> Result<bool, ParquetError> {
    let filter = builder.get_row_group_column_bloom_filter(group, columns::ENTITY_COLUMN)?;
    Ok(filter.is_none_or(|filter| filter.check(wanted.entity.as_str())))
}

/// Checks length and checksum of a segment's file.
pub(crate) fn check(backend: &dyn Backend, segment: &Segment) -> Result<Arc<dyn File>, Error> {
    let name = &segment.name;
    let file = match backend.open(name) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(name, "the file is missing"));
        }
        Err(e) => return Err(Error::io(name, e)),
    };
    let io = |e| Error::io(name, e);
    if file.len().map_err(io)? != segment.bytes {
        return Err(damaged(name, "the length is wrong"));
    }
    if crc_of(&*file, segment.bytes).map_err(io)? != segment.crc {
        return Err(damaged(name, "the file does not match its checksum"));
    }
    Ok(file)
}

/// CRC-32 of the first `length` bytes of a file.
pub(crate) fn crc_of(file: &dyn File, length: u64) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; length.min(1 << 20) as usize];
    let mut at = 0;
    while at < length {
        let n = (length - at).min(buffer.len() as u64) as usize;
        read_exact_at(file, at, &mut buffer[..n])?;
        hasher.update(&buffer[..n]);
        at += n as u64;
    }
    Ok(hasher.finalize())
}

fn bad(name: &str, error: &impl ToString) -> Error {
    damaged(name, &error.to_string())
}

pub(crate) fn damaged(name: &str, what: &str) -> Error {
    Error::SegmentDamaged {
        file: name.to_owned(),
        what: what.to_owned(),
    }
}

#[derive(Debug, Clone)]
struct Chunks {
    file: Arc<dyn File>,
    length: u64,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<ReadFrom>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(ReadFrom {
            file: Arc::clone(&self.file),
            at: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF("the file ends early".to_owned()));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&*self.file, start, &mut bytes)?;
        Ok(bytes.into())
    }
}

#[derive(Debug)]
struct ReadFrom {
    file: Arc<dyn File>,
    at: u64,
}

impl Read for ReadFrom {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(self.at, out)?;
        self.at += n as u64;
        Ok(n)
    }
}
