//! The thinking: pure functions from spec, values and what stands in the cluster to one decision.
