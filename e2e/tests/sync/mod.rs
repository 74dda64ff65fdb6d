//! What the operator does, from the remote secret to the Secret in the cluster.

mod first;
