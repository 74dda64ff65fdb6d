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
        trial(self, name, words, breaks, heals).await
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
    run(site, name, words, breaks, heals).await.with_context(|| name.to_owned())
}

async fn run(
    site: &Site<'_>,
    name: &str,
    words: &[&str],
    breaks: impl AsyncFnOnce() -> Result<()>,
    heals: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let (before, mark) = (site.version(name).await?, site.mark().await?);
    breaks().await.context("break it")?;
    let told = site.failed(name, words).await?;
    site.neighbour_follows().await?;
    ensure!(site.version(name).await? == before, "its Secret was {before:?} and has changed");
    let warnings = site.warnings(name).await?;
    ensure!(warnings.len() == 1, "it was told in {} events: {warnings:?}", warnings.len());
    let written = site.statuses(&mark, name).await?;
    ensure!(written == 1, "its status was written {written} times: {:?}", told.status);
    heals().await.context("mend it")?;
    site.ready(name).await.context("it recovers")?;
    Ok(())
}
