//! What a registry's index says of a package's versions.
