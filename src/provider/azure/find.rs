//! Searching a vault: every page of its secrets, and then each secret that matches.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::NAME;
use super::object::Type;
use super::vault::Vault;
use crate::provider::{Error, Find, Kind, Matches, Part, RemoteKey, Search};
use crate::sealed::Sealed;

/// How many secrets of one search are read at once.
const ABREAST: usize = 8;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Vault {
    /// Secrets only, as in ESO, and none that is disabled. A vault has no paths.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        if search.path().is_some() {
            return Err(search.unsupported(NAME, "path"));
        }
        let names = self.names(search).await?;
        let reads = names.into_iter().map(|name| self.read_match(search, name)).collect::<Vec<_>>();
        let mut reads = stream::iter(reads).buffered(ABREAST);
        let mut found = Matches::default();
        while let Some((name, value)) = reads.try_next().await? {
            if let Some(value) = value {
                found.add(search, NAME, name, value)?;
            }
        }
        Ok(found)
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

    /// A secret that was listed, unless it is gone since.
    async fn read_match(&self, search: &Search, name: String) -> Result<(String, Option<Sealed>), Error> {
        search.call(NAME).await?;
        let key = RemoteKey { key: name.clone(), version: None, part: Part::Value, property: None };
        match self.read_one(&key).await {
            Ok(value) => Ok((name, Some(value))),
            Err(error) if error.kind == Kind::NotFound => Ok((name, None)),
            Err(error) => Err(error),
        }
    }
}
