//! Small tables: accounts, tokens, how far a subscriber has read.
//!
//! A few thousand rows that change one at a time, kept in `meta.redb`. Every row
//! carries a checksum of its own, because the file checks its pages only when it is
//! repaired.

use crate::Error;
use crate::backend::{Backend, File, read_exact_at, remove_if_there, write_all_at};
use crate::codec::{crc, u32_at};
use redb::{
    Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, TableHandle,
};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const NAME: &str = "meta.redb";
const CACHE_BYTES: usize = 4 << 20;
/// Longest name of a table, key and value together, in bytes.
pub const ROW_BYTES_MAX: usize = 1 << 20;
const CRC_BYTES: usize = 4;

type Rows<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Small durable tables, each a map from bytes to bytes.
#[derive(Debug)]
pub struct Meta {
    database: Database,
    file: Arc<dyn File>,
}

impl Meta {
    /// Opens the tables of a store. The caller has the store open, and with it the lock.
    ///
    /// # Errors
    /// [`Error::MetaDamaged`] if the file does not check out.
    pub fn open(backend: &dyn Backend) -> Result<Self, Error> {
        if let Err(e) = backend.open(NAME) {
            if e.kind() != io::ErrorKind::NotFound {
                return Err(Error::io(NAME, e));
            }
            Self::create(backend)?;
        }
        let file = backend.open(NAME).map_err(|e| Error::io(NAME, e))?;
        // It gets its name only when it is whole; an empty one would be taken for new.
        if file.len().map_err(|e| Error::io(NAME, e))? == 0 {
            return Err(Error::MetaDamaged {
                file: NAME.to_owned(),
                what: "the file is empty".to_owned(),
            });
        }
        Self::from_file(file)
    }

    /// Makes an empty file under another name first, so that a power cut leaves none or
    /// a whole one.
    fn create(backend: &dyn Backend) -> Result<(), Error> {
        let temporary = format!("{NAME}.tmp");
        let io = |e| Error::io(NAME, e);
        remove_if_there(backend, &temporary).map_err(io)?;
        let file = backend.create(&temporary).map_err(io)?;
        drop(Self::from_file(Arc::clone(&file))?);
        file.sync().map_err(Error::sync)?;
        backend.rename(&temporary, NAME).map_err(io)?;
        backend.sync_directory().map_err(Error::sync)
    }

    fn from_file(file: Arc<dyn File>) -> Result<Self, Error> {
        let storage = Storage(Arc::clone(&file));
        let database = guarded(|| {
            let mut database = redb::Builder::new()
                .set_cache_size(CACHE_BYTES)
                .create_with_backend(storage)?;
            // Otherwise the page checksums are only looked at after a crash.
            database.check_integrity()?;
            Ok(database)
        })?;
        Ok(Self { database, file })
    }

    /// The database takes a failed write for its end, so a full disk is asked beforehand.
    fn writable(&self) -> Result<(), Error> {
        if self.file.refuses() {
            return Err(Error::Full(io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    /// The value of a key.
    pub fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let rows = || -> Result<_, redb::Error> {
            let read = self.database.begin_read()?;
            match read.open_table(Rows::new(table)) {
                Ok(rows) => Ok(rows.get(key)?.map(|guard| guard.value().to_vec())),
                Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
                Err(e) => Err(e.into()),
            }
        };
        let stored = guarded(rows)?;
        stored.map(|stored| unwrap(table, key, &stored)).transpose()
    }

    /// Every key and value of a table, in order of key.
    pub fn list(&self, table: &str) -> Result<Vec<Row>, Error> {
        let rows = || -> Result<Vec<_>, redb::Error> {
            let read = self.database.begin_read()?;
            let rows = match read.open_table(Rows::new(table)) {
                Ok(rows) => rows,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(e) => return Err(e.into()),
            };
            let mut found = Vec::new();
            for row in rows.iter()? {
                let (key, value) = row?;
                found.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok(found)
        };
        guarded(rows)?
            .into_iter()
            .map(|(key, stored)| {
                let value = unwrap(table, &key, &stored)?;
                Ok((key, value))
            })
            .collect()
    }

    /// Sets a key, durably.
    pub fn put(&self, table: &str, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.put_all(table, [(key, value)])
    }

    /// Sets several keys, all or none, durably.
    pub fn put_all<'a>(
        &self,
        table: &str,
        rows: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<(), Error> {
        self.writable()?;
        let rows: Vec<_> = rows.into_iter().collect();
        for (key, value) in &rows {
            let bytes = table.len() + key.len() + value.len();
            if bytes > ROW_BYTES_MAX {
                let what = format!("a row of {bytes} bytes is more than {ROW_BYTES_MAX}");
                return Err(Error::io(
                    NAME,
                    io::Error::new(io::ErrorKind::InvalidInput, what),
                ));
            }
        }
        let write = || -> Result<(), redb::Error> {
            let write = self.database.begin_write()?;
            {
                let mut open = write.open_table(Rows::new(table))?;
                for (key, value) in rows {
                    let mut stored = row_crc(table, key, value).to_le_bytes().to_vec();
                    stored.extend_from_slice(value);
                    open.insert(key, stored.as_slice())?;
                }
            }
            Ok(write.commit()?)
        };
        guarded(write)
    }

    /// Takes a key away, durably; returns whether it was there.
    pub fn delete(&self, table: &str, key: &[u8]) -> Result<bool, Error> {
        self.writable()?;
        let write = || -> Result<bool, redb::Error> {
            let write = self.database.begin_write()?;
            let was_there = write.open_table(Rows::new(table))?.remove(key)?.is_some();
            write.commit()?;
            Ok(was_there)
        };
        guarded(write)
    }

    /// Names of the tables, sorted.
    pub fn tables(&self) -> Result<Vec<String>, Error> {
        let names = || -> Result<Vec<String>, redb::Error> {
            let read = self.database.begin_read()?;
            Ok(read.list_tables()?.map(|t| t.name().to_owned()).collect())
        };
        let mut names = guarded(names)?;
        names.sort();
        Ok(names)
    }

    /// Reads every row and checks it.
    pub fn verify(&self) -> Result<(), Error> {
        for table in self.tables()? {
            self.list(&table)?;
        }
        Ok(())
    }

    /// Writes every table into another store's file.
    pub(crate) fn copy_to(&self, backend: &dyn Backend) -> Result<(), Error> {
        let copy = Self::open(backend)?;
        for table in self.tables()? {
            let rows = self.list(&table)?;
            let rows = rows.iter().map(|(k, v)| (k.as_slice(), v.as_slice()));
            copy.put_all(&table, rows)?;
        }
        Ok(())
    }
}

fn row_crc(table: &str, key: &[u8], value: &[u8]) -> u32 {
    let key_bytes = (key.len() as u64).to_le_bytes();
    crc(&[table.as_bytes(), &key_bytes, key, value])
}

fn unwrap(table: &str, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, Error> {
    let value = stored.get(CRC_BYTES..).unwrap_or_default();
    if stored.len() < CRC_BYTES || u32_at(stored, 0) != row_crc(table, key, value) {
        return Err(damaged(&format!(
            "a row of `{table}` does not match its checksum"
        )));
    }
    Ok(value.to_vec())
}

fn damaged(what: &str) -> Error {
    Error::MetaDamaged {
        file: NAME.to_owned(),
        what: what.to_owned(),
    }
}

/// Runs something on the database. It takes damaged pages for mistakes of its own and
/// panics; here they are an answer.
fn guarded<T>(run: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(failed),
        Err(_) => Err(damaged("a page does not make sense")),
    }
}

fn failed(error: redb::Error) -> Error {
    match error {
        redb::Error::Io(source) => Error::io(NAME, source),
        other => damaged(&other.to_string()),
    }
}

#[derive(Debug)]
struct Storage(Arc<dyn File>);

impl StorageBackend for Storage {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_exact_at(&*self.0, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        write_all_at(&*self.0, offset, data)
    }
}
