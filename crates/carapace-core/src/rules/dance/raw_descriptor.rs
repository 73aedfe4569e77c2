//! A descriptor or handle is taken over as a number
//!
//! `from_raw_fd`, `from_raw_handle`, `from_raw_socket` and `borrow_raw` believe that a number is open, that
//! nobody else closes it, and that it is what is said.
//!
//! ## What to do
//! Hand on `OwnedFd`, `BorrowedFd` and their kind in place of numbers: `File::from(owned)`,
//! `owned.as_fd()`. The number is then taken over once, where it comes into the program.
//!
//! ## Known problems
//! What is shown is the way. Where the number comes from a foreign function, one place stays unsafe.
//!
//! ## Example
//! ```text,bad
//! #[cfg(unix)]
//! pub mod unix {
//!     use std::fs::File;
//!     use std::os::unix::io::{FromRawFd, RawFd};
//!
//!     pub fn file(descriptor: RawFd) -> File {
//!         unsafe { File::from_raw_fd(descriptor) }
//!     }
//! }
//! ```
//! ```text,good
//! #[cfg(unix)]
//! pub mod unix {
//!     use std::fs::File;
//!     use std::os::unix::io::OwnedFd;
//!
//!     pub fn file(descriptor: OwnedFd) -> File {
//!         File::from(descriptor)
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/os/fd/index.html>
//! - <https://rust-lang.github.io/rfcs/3128-io-safety.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprKind;

pub(crate) const META: Meta = Meta {
    code: "DAN071",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let ExprKind::Call { arguments, .. } = at.kind(operation.expr) else {
        return;
    };
    let ([_], Some(path)) = (arguments.as_slice(), at.callee_path(operation.expr)) else {
        return;
    };
    let Some(name) = at.last_name(path) else {
        return;
    };
    if path.segments.len() < 2 || at.declared.functions(name, None).any(|_| true) {
        return;
    }
    let text = match name {
        "from_raw_fd" | "from_raw_handle" | "from_raw_socket" => {
            let Some(from) = at.sibling(path, "from") else {
                return;
            };
            let of = name.trim_start_matches("from_raw_");
            Pieces::of(format!("{from}(owned_{of})"))
        }
        "borrow_raw" => {
            let parent = at.parent_name(path).unwrap_or_default();
            let of = match parent.strip_prefix("Borrowed") {
                Some("Fd") => "fd",
                Some("Handle") => "handle",
                Some("Socket") => "socket",
                _ => return,
            };
            Pieces::of(format!("owner.as_{of}()"))
        }
        _ => return,
    };
    found.push(
        Replacement::new(operation, operation.expr, text)
            .says("a descriptor or handle that is taken over as a number; `OwnedFd` and its kind own it")
            .since(63)
            .applies(Applicability::Display),
    );
}
