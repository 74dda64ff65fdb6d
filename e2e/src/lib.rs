//! The ground that the end-to-end tests stand on: a control plane, emulators, faults, and the operator as a process.
//!
//! Everything is real and on loopback. API calls are judged by the API server's audit log ([`audit`]), provider calls by
//! a proxy in front of the emulator ([`proxy`]); nothing is taken from the operator's own metrics except to compare.
//! A test takes a [`namespace`] of its own, makes objects from [`fixtures`], and waits for conditions with a time limit.
//! Nothing here sleeps to let something happen.

pub mod alibaba;
pub mod audit;
pub mod aws;
pub mod azure;
pub mod bench;
pub mod cases;
pub mod clients;
pub mod control_plane;
pub mod demo;
mod dump;
pub mod fixtures;
mod form;
pub mod gate;
pub mod gcp;
pub mod helm;
mod hex;
pub mod http;
pub mod installation;
pub mod kubeconfig;
pub mod ldap;
mod leash;
pub mod namespace;
pub mod node;
pub mod objects;
pub mod openbao;
pub mod operator;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod scene;
pub mod scratch;
mod serve;
pub mod settings;
pub mod tools;
pub mod usage;
pub mod webhook;
pub mod wire;
