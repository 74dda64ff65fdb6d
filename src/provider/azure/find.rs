//! Searching a vault: every page of its secrets, and then each secret that matches.

use async_trait::async_trait;

use super::NAME;
use super::object::Type;
use super::vault::Vault;
use crate::provider::{Error, Find, Matches, Search};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Vault {
    /// Secrets only, as in ESO, and none that is disabled. A vault has no paths.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        if search.path().is_some() {
            return Err(search.unsupported(NAME, "path"));
        }
        let names = self.names(search).await?;
        search.read_each(NAME, names, |key| async move { self.read_one(&key).await }).await
    }
}

impl Vault {
    async fn names(&self, search: &Search) -> Result<Vec<String>, Error> {
        let (mut names, mut next) = (Vec::new(), None);
        loop {
            search.call(NAME).await?;
            let page = self.page(Type::Secret, next.as_deref()).await.map_err(|why| why.at(search.doing()))?;
            let enabled = page.items.iter().filter(|item| item.attributes.enabled == Some(true));
            let matching = enabled.filter(|item| search.matches_tags(item.tags())).filter_map(|item| item.name());
            names.extend(matching.filter(|name| search.matches_name(name)).map(str::to_owned));
            next = page.next;
            if next.is_none() {
                return Ok(names);
            }
        }
    }
}
