//! Many tenants whose stores, Secrets and remote secrets have the same names: nobody is ever given what is another's.
//!
//! The server answers by who asks, and every value names its owner. It forgets tokens now and then, so that tenants sign in
//! again in the midst of others' reads; sessions are closed and opened anew meanwhile.

mod operator;
mod server;
mod sessions;
