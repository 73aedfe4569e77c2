//! The source layer: what stands in a Rust file, without a compiler.
//!
//! This is *the* place on which rules about sources stand. It goes from bytes to
//! [`lexer`] tokens with their places, to [`tree`] groups of matching brackets, and from these to
//! the [`outline`]: items, modules, conditions, macros and calls of macros.
//!
//! *Invariants.* Nothing here fails: whatever the bytes are, every token of them is in the outline
//! once, and what could not be understood is said. Nothing recurses on its input, and all work is
//! linear in its length.

pub mod expand;
pub mod lexer;
pub mod outline;
pub mod syntax;
pub mod tree;
pub mod uses;
