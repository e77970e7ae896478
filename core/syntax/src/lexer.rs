//! lexer (being written).
