//! What of a source is unsafe, and what stands by it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of unsafe code a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SiteKind {
    /// `unsafe { … }`
    Block,
    /// `unsafe fn` that is no method.
    Fn,
    /// `unsafe fn` in a trait or an implementation, with or without a body.
    Method,
    /// `unsafe trait`
    Trait,
    /// `unsafe impl`
    Impl,
    /// `extern { … }`, with or without `unsafe`.
    ExternBlock,
    /// `unsafe fn` or `unsafe static` inside a block of foreign items.
    ExternFn,
    /// An attribute that can break what the linker or the compiler relies on: `no_mangle`,
    /// `export_name`, `link_section`, `link`, with or without `unsafe(…)`.
    Attribute,
    /// The type of a pointer to an unsafe function.
    FnPointer,
    /// `static mut`
    StaticMut,
    /// A union's declaration.
    Union,
    /// `global_asm!`
    GlobalAsm,
    /// The word where the language gives it no meaning of its own: handed to a macro, or in what is
    /// no Rust.
    Token,
}

impl SiteKind {
    /// All, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::Block,
        Self::Fn,
        Self::Method,
        Self::Trait,
        Self::Impl,
        Self::ExternBlock,
        Self::ExternFn,
        Self::Attribute,
        Self::FnPointer,
        Self::StaticMut,
        Self::Union,
        Self::GlobalAsm,
        Self::Token,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Fn => "fn",
            Self::Method => "method",
            Self::Trait => "trait",
            Self::Impl => "impl",
            Self::ExternBlock => "extern-block",
            Self::ExternFn => "extern-fn",
            Self::Attribute => "attribute",
            Self::FnPointer => "fn-pointer",
            Self::StaticMut => "static-mut",
            Self::Union => "union",
            Self::GlobalAsm => "global-asm",
            Self::Token => "token",
        }
    }

    /// The kind with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for SiteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is done that only unsafe code may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Operation {
    /// A raw pointer is dereferenced.
    RawDeref,
    /// An unsafe function or method is called that has no name of its own here.
    UnsafeCall,
    /// A foreign function is called.
    FfiCall,
    /// A `static mut` is used.
    StaticMut,
    /// A foreign static is used.
    ExternStatic,
    /// A field of a union is read.
    UnionField,
    /// `transmute` and `transmute_copy`.
    Transmute,
    /// `asm!` and its kind.
    InlineAsm,
    /// `get_unchecked`, `unwrap_unchecked` and their kind: a check is left out.
    Unchecked,
    /// `from_raw`, `from_raw_parts` and their kind: a value is made of a pointer.
    FromRaw,
    /// `set_len`: a length is set by hand.
    SetLen,
    /// A function is called that needs features of the target.
    TargetFeature,
    /// `unsafe impl Send`
    SendImpl,
    /// `unsafe impl Sync`
    SyncImpl,
}

impl Operation {
    /// All, in the order of reports.
    pub const ALL: [Self; 14] = [
        Self::RawDeref,
        Self::UnsafeCall,
        Self::FfiCall,
        Self::StaticMut,
        Self::ExternStatic,
        Self::UnionField,
        Self::Transmute,
        Self::InlineAsm,
        Self::Unchecked,
        Self::FromRaw,
        Self::SetLen,
        Self::TargetFeature,
        Self::SendImpl,
        Self::SyncImpl,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RawDeref => "raw-deref",
            Self::UnsafeCall => "unsafe-call",
            Self::FfiCall => "ffi-call",
            Self::StaticMut => "static-mut",
            Self::ExternStatic => "extern-static",
            Self::UnionField => "union-field",
            Self::Transmute => "transmute",
            Self::InlineAsm => "inline-asm",
            Self::Unchecked => "unchecked",
            Self::FromRaw => "from-raw",
            Self::SetLen => "set-len",
            Self::TargetFeature => "target-feature",
            Self::SendImpl => "send-impl",
            Self::SyncImpl => "sync-impl",
        }
    }
}

/// One unsafe site of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFact {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What it is.
    pub kind: SiteKind,
    /// Under what it stands: it is compiled where any of these holds.
    pub conditions: Vec<super::ConditionId>,
    /// The path of the enclosing item in the file; of an item its own.
    pub item: String,
    /// What is done in it, sorted, each once.
    pub operations: Vec<Operation>,
    /// Whether a `SAFETY` comment, or a `# Safety` section of documentation, stands by it.
    pub safety_comment: bool,
    /// Whether safe public functions stand on it, or it is public itself.
    pub public: bool,
    /// Whether a macro that other packages can use holds it.
    pub exported_macro: bool,
}
