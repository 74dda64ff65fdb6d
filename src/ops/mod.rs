//! The process: flags, logs, metrics, probes, signals.
