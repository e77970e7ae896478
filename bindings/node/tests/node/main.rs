//! Tests of the Node package: the generated types are those of the documents, and the package's own tests pass in a real Node.
//!
//! One binary, because each link costs. `npm` fetches the TypeScript compiler named in `package-lock.json` the first time;
//! everything that is built lies in the target directory, nothing in the checkout.

mod events;
mod package;
mod types;
