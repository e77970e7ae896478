//! Text to tree and back, for SQL and for the Rocky DSL. Knows no names and no types, and never fails: what cannot be
//! parsed is an error node and a diagnostic.
//!
//! The way of a model's text: [`expand`] replaces macro calls, variables and date placeholders token by token and
//! remembers the origin of every byte ([`origin::OriginMap`]); [`parser`] makes the [`ast::Ast`], an arena whose nodes
//! all carry byte spans of the expanded text. A DSL model is lowered by [`dsl`] to SQL text with an origin map of the
//! same kind and then takes the same way, so that everything above sees one kind of tree.

pub mod ast;
pub mod dsl;
pub mod expand;
pub mod lexer;
pub mod origin;
pub mod parser;
