//! Who may run beside whom: tests that measure, or that change what all share, run alone.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURNS: RwLock<()> = RwLock::const_new(());

/// Waits until nobody is alone on the node, and keeps such tests waiting until it is dropped.
pub async fn together() -> RwLockReadGuard<'static, ()> {
    TURNS.read().await
}

/// Waits until nobody else is on the node, and keeps all others waiting until it is dropped.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    TURNS.write().await
}
