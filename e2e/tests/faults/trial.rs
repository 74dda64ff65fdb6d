//! One fault, from its begin to its end.

use anyhow::{Context, Result, ensure};

use keyferry_e2e::proxy::Rule;

use super::site::Site;

impl Site<'_> {
    /// A [`trial`] whose fault is a rule of the proxy.
    pub(super) async fn fault(&self, name: &str, words: &[&str], rule: Rule) -> Result<()> {
        let id = std::cell::Cell::new(None);
        let breaks = async || {
            id.set(Some(self.stage.proxy.inject(rule)));
            Ok(())
        };
        let heals = async || {
            id.get().into_iter().for_each(|id| self.stage.proxy.take_back(id));
            Ok(())
        };
        Box::pin(trial(self, name, words, breaks, heals)).await
    }
}

/// Breaks something of the ExternalSecret `name` by `breaks` and mends it by `heals`. In between it must be told, in a
/// message with these `words`, once; its Secret, if there was one, must be the very same; the neighbour must follow.
pub(super) async fn trial(
    site: &Site<'_>,
    name: &str,
    words: &[&str],
    breaks: impl AsyncFnOnce() -> Result<()>,
    heals: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    // Boxed, as tests' threads have small stacks and futures of a debug build are large.
    Box::pin(run(site, name, words, breaks, heals)).await.with_context(|| name.to_owned())
}

async fn run(
    site: &Site<'_>,
    name: &str,
    words: &[&str],
    breaks: impl AsyncFnOnce() -> Result<()>,
    heals: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let (before, mark) = (Box::pin(site.version(name)).await?, Box::pin(site.mark()).await?);
    Box::pin(breaks()).await.context("break it")?;
    let told = Box::pin(site.failed(name, words)).await?;
    Box::pin(site.neighbour_follows()).await?;
    ensure!(Box::pin(site.version(name)).await? == before, "its Secret was {before:?} and has changed");
    let warnings = Box::pin(site.warnings(name)).await?;
    ensure!(warnings.len() == 1, "it was told in {} events: {warnings:?}", warnings.len());
    let written = Box::pin(site.statuses(&mark, name)).await?;
    ensure!(written == 1, "its status was written {written} times: {:?}", told.status);
    Box::pin(heals()).await.context("mend it")?;
    Box::pin(site.ready(name)).await.context("it recovers")?;
    Ok(())
}
