//! Polls remote secrets, not objects, and says which objects have work.
