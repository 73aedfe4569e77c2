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
            let (digits, rest) = text.as_bytes().as_chunks::<8>();
            if digits.len() * 4 != bytes.len() || !rest.is_empty() {
                return None;
            }
            let (quads, _) = bytes.as_chunks_mut::<4>();
            for (four, digits) in quads.iter_mut().zip(digits) {
                *four = four_bytes(*digits)?;
            }
            Some(Self::Sha256(bytes))
        };
        sha256().unwrap_or_else(|| Self::Other(text.to_ascii_lowercase().into()))
    }
}

/// The bytes that eight hexadecimal digits stand for, worked out in one register: a lockfile has
/// one checksum for nearly every package.
fn four_bytes(digits: [u8; 8]) -> Option<[u8; 4]> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    if !digits
        .iter()
        .fold(true, |all, digit| all & digit.is_ascii_hexdigit())
    {
        return None;
    }
    let word = u64::from_be_bytes(digits);
    // In ASCII, letters have the bit 0x40 and lie 9 above their low four bits.
    let letters = (word >> 6) & ONES;
    let values = (word & (ONES * 0x0f)) + letters * 9;
    // Each pair of values, 0h0l, becomes hl; then the pairs move together.
    let pairs = (values | (values >> 4)) & 0x00ff_00ff_00ff_00ff;
    let pairs = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    let packed = (pairs | (pairs >> 16)) & 0xffff_ffff;
    u32::try_from(packed).ok().map(u32::to_be_bytes)
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
        assert_eq!(four_bytes(*b"00fF1e9A"), Some([0x00, 0xff, 0x1e, 0x9a]));
        for other in [
            "",
            "ff",
            "<none>",
            hex.get(1..).unwrap(),
            &hex.replace('0', "é"),
            &hex.replace('0', "g"),
        ] {
            assert_eq!(Checksum::parse(other).to_string(), other);
        }
    }
}
