//! What the CRDs admit by themselves.

mod admission;
