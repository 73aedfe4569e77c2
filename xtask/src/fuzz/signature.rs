//! What an input led to, as a number: an input with a new one is worth keeping.
//!
//! Stable Rust cannot tell a program which of its branches it took, so targets tell it themselves,
//! coarsely: which error, how many of each thing by powers of two. Too fine a signature would keep
//! every input, too coarse a one none.

/// A number that stands for a path through the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Signature {
    hash: u64,
    accepted: bool,
}

impl Signature {
    pub(crate) fn new() -> Self {
        // The hash is FNV-1a.
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            accepted: false,
        }
    }

    /// Adds a fact with few values.
    pub(crate) fn add(&mut self, fact: u64) {
        for byte in fact.to_le_bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds how many, by powers of two.
    pub(crate) fn count(&mut self, count: usize) {
        self.add(u64::from(usize::BITS - count.leading_zeros()));
    }

    /// Adds a message up to the first quote, as what is quoted is the input's own, and without
    /// numbers.
    pub(crate) fn message(&mut self, message: &str) {
        let message = message.bytes();
        let own = message.take_while(|byte| !b"`\"'".contains(byte));
        for byte in own.filter(u8::is_ascii_alphabetic) {
            self.add(u64::from(byte));
        }
    }

    /// Says that the input was taken for what it should be. Such inputs are changed more often
    /// than those that are refused at the door.
    pub(crate) fn accepted(&mut self) {
        self.accepted = true;
    }

    pub(crate) fn is_accepted(self) -> bool {
        self.accepted
    }
}

/// A number that stands for these very bytes.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut signature = Signature::new();
    for byte in bytes {
        signature.add(u64::from(*byte));
    }
    signature.hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_differ_by_their_words_only() {
        let of = |message: &str| {
            let mut signature = Signature::new();
            signature.message(message);
            signature
        };
        assert_eq!(of("line 3: wrong `a`"), of("line 12: wrong `bc`"));
        assert_ne!(of("line 3: wrong `a`"), of("line 3: right `a`"));
    }
}
