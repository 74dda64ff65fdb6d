//! Bad input and bad weather: whatever goes wrong is told once, harms nobody else, and ends by itself when its cause does.
//!
//! All tests share one control plane of their own and one operator on it ([`stage`]), each test has a namespace with a
//! store and a neighbour that goes on rotating ([`site`]), and each fault is one [`trial`].

mod canary;
mod cluster;
mod credentials;
mod deletion;
mod provider;
mod restart;
mod site;
mod spec;
mod stage;
mod stored;
mod stores;
mod target;
mod trial;
mod values;
