//! Sorted keys with their values, in blocks that are found by a directory and read one by one.

use std::ops::Range;

use super::bytes::{Bytes, put_bytes, put_number};
use crate::knowledge::advisory::index::{IndexError, Pieces};

/// A block is full when it has this many bytes. What is read for one key is about as much.
const FULL: usize = 4 << 10;
/// No block is longer, in bytes: the largest has one package with all its versions.
const MAX_BLOCK: u64 = 64 << 20;

/// Writes keys, which have to come sorted, and values.
#[derive(Debug, Default)]
pub(super) struct BlockWriter {
    /// Whole blocks, and the one that is being filled.
    blocks: Vec<u8>,
    /// Where that one begins.
    start: usize,
    directory: Vec<u8>,
}

impl BlockWriter {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        if self.blocks.len() == self.start {
            put_bytes(&mut self.directory, key);
        }
        put_bytes(&mut self.blocks, key);
        put_bytes(&mut self.blocks, value);
        if self.blocks.len() - self.start >= FULL {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let block = self.blocks.get(self.start..).unwrap_or_default();
        if !block.is_empty() {
            put_number(&mut self.directory, block.len() as u64);
            let checksum = crc32fast::hash(block).to_le_bytes();
            self.directory.extend_from_slice(&checksum);
            self.start = self.blocks.len();
        }
    }

    /// The directory and the blocks.
    pub(super) fn finish(mut self) -> (Vec<u8>, Vec<u8>) {
        self.end_block();
        (self.directory, self.blocks)
    }
}

/// Where blocks are.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    /// All first keys, end to end.
    keys: Vec<u8>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
struct Block {
    first_key: Range<usize>,
    place: Range<u64>,
    checksum: u32,
}

impl Block {
    /// Gives its keys with their values, for as long as these are wanted; none is for a value that
    /// is none.
    fn each(
        &self,
        pieces: Pieces<'_, '_>,
        mut each: impl FnMut(&[u8], &[u8]) -> Option<bool>,
    ) -> Result<(), IndexError> {
        let bytes = pieces(self.place.clone())?;
        if crc32fast::hash(&bytes) != self.checksum {
            return Err(IndexError::Damaged);
        }
        let mut bytes = Bytes(&bytes);
        let mut next = || {
            let (key, value) = (bytes.bytes()?, bytes.bytes()?);
            Some(each(key, value)? && !bytes.is_empty())
        };
        while next().ok_or(IndexError::Damaged)? {}
        Ok(())
    }
}

impl Directory {
    /// Reads a directory of blocks that lie at `from` in the file.
    pub(super) fn read(directory: &[u8], from: u64) -> Option<Self> {
        let mut bytes = Bytes(directory);
        let mut read = Self::default();
        let mut start = from;
        while !bytes.is_empty() {
            let key = bytes.bytes()?;
            let length = bytes.number().filter(|length| *length <= MAX_BLOCK)?;
            let checksum = u32::from_le_bytes(bytes.take(4)?.try_into().ok()?);
            let end = start.checked_add(length)?;
            let first_key = read.keys.len()..read.keys.len() + key.len();
            read.keys.extend_from_slice(key);
            read.blocks.push(Block {
                first_key,
                place: start..end,
                checksum,
            });
            start = end;
        }
        Some(read)
    }

    /// Where the blocks end, which begin at `from`.
    pub(super) fn end(&self, from: u64) -> u64 {
        self.blocks.last().map_or(from, |block| block.place.end)
    }

    /// Gives the value of each of the keys that is there. The keys have to come sorted: so each
    /// block is read once at most.
    pub(super) fn find<'k, K: AsRef<[u8]>>(
        &self,
        keys: &'k [K],
        pieces: Pieces<'_, '_>,
        mut found: impl FnMut(&'k K, &[u8]) -> Option<()>,
    ) -> Result<(), IndexError> {
        let damaged = || IndexError::Damaged;
        let mut keys = keys;
        while let Some(first) = keys.first() {
            let after = self
                .blocks
                .partition_point(|block| self.first_key(block) <= first.as_ref());
            let next = self.blocks.get(after);
            // What comes before the first block is in none.
            let within = keys
                .partition_point(|key| next.is_none_or(|next| key.as_ref() < self.first_key(next)));
            // A directory that is not sorted would have us stay here.
            let within = Some(within).filter(|within| *within > 0);
            let split = within.and_then(|within| keys.split_at_checked(within));
            let (here, rest) = split.ok_or_else(damaged)?;
            keys = rest;
            let Some(block) = after.checked_sub(1).and_then(|at| self.blocks.get(at)) else {
                continue;
            };
            let mut here = here;
            block.each(pieces, |key, value| {
                while let Some((wanted, rest)) = here.split_first()
                    && wanted.as_ref() <= key
                {
                    if wanted.as_ref() == key {
                        found(wanted, value)?;
                    }
                    here = rest;
                }
                Some(!here.is_empty())
            })?;
        }
        Ok(())
    }

    /// Gives all keys with their values, in their order.
    pub(super) fn each(
        &self,
        pieces: Pieces<'_, '_>,
        mut each: impl FnMut(&[u8], &[u8]) -> Option<()>,
    ) -> Result<(), IndexError> {
        for block in &self.blocks {
            block.each(pieces, |key, value| each(key, value).map(|()| true))?;
        }
        Ok(())
    }

    fn first_key(&self, block: &Block) -> &[u8] {
        self.keys.get(block.first_key.clone()).unwrap_or_default()
    }
}
