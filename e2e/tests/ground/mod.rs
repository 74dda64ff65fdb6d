//! The ground itself: what every other test takes for granted.

mod control_plane;
mod proxy;
