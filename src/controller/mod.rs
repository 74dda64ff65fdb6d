//! One file per kind: what is watched, and one pass over one object.
