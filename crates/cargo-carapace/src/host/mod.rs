//! What Carapace asks of the machine and of the network.
//!
//! All that arrives through here is hostile input: servers' answers, their
//! redirects, kept copies of either, and repositories of git. Each door bounds it in bytes and in
//! time, and tells in its errors what was refused and why.

mod foreign;
pub mod git;
pub mod http;
pub mod registry;
