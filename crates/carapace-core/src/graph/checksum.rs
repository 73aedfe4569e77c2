//! Checksums of archives.

use std::fmt;

/// A package archive's checksum, as a lockfile has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checksum {
    /// SHA-256, which is all that cargo writes.
    Sha256([u8; 32]),
    /// Anything else that stands there.
    Other(Box<str>),
}

impl Checksum {
    /// Reads a checksum. Hexadecimal digits count the same in either case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let sha256 = || {
            let mut bytes = [0; 32];
            let (digits, rest) = text.as_bytes().as_chunks::<2>();
            if digits.len() != bytes.len() || !rest.is_empty() {
                return None;
            }
            let mut valid = true;
            for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
                let (high, low) = (digit(*high), digit(*low));
                valid &= (high | low) < 16;
                *byte = (high << 4) | (low & 15);
            }
            valid.then_some(Self::Sha256(bytes))
        };
        sha256().unwrap_or_else(|| Self::Other(text.to_ascii_lowercase().into()))
    }
}

/// The value of a hexadecimal digit, without a branch; 16 or more for anything else.
fn digit(byte: u8) -> u8 {
    let decimal = byte.wrapping_sub(b'0');
    let letter = (byte | 0x20).wrapping_sub(b'a');
    let letter = letter.wrapping_add(10) | if letter < 6 { 0 } else { 0x80 };
    if decimal < 10 { decimal } else { letter }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_shown() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(matches!(Checksum::parse(&hex), Checksum::Sha256(_)));
        assert_eq!(Checksum::parse(&hex).to_string(), hex);
        assert_eq!(Checksum::parse(&hex.to_uppercase()), Checksum::parse(&hex));
        for other in [
            "",
            "ff",
            "<none>",
            &hex[1..],
            &hex.replace('0', "é"),
            &hex.replace('0', "g"),
        ] {
            assert_eq!(Checksum::parse(other).to_string(), other);
        }
    }
}
