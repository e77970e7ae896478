//! Tests of the Node package: the generated types are those of the documents, and the package's own tests pass in a real Node.
//!
//! One binary, because each link costs. `npm` fetches the TypeScript compiler named in `package-lock.json` the first time;
//! everything that is built lies in the target directory, nothing in the checkout.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod events;
mod package;
mod types;
