//! Searching a KV engine: folder by folder, since it lists one at a time, and then each secret that matches.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::kv::Kv;
use crate::api::provider::vault::KvVersion;
use crate::provider::{Error, Find, Kind, Matches, Part, Read, RemoteKey, Search};
use crate::sealed::Sealed;

/// How many secrets of one search are read at once.
const ABREAST: usize = 8;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Kv {
    /// As in ESO, tags are metadata that people wrote, and do not count where there is an expression for names.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let by_tags = !search.is_by_name() && !search.tags().is_empty();
        if by_tags && self.engine.version == KvVersion::V1 {
            return Err(search.unsupported(self.name(), "tags in version 1 of the engine"));
        }
        let names = self.names(search).await?;
        let wanted = names.into_iter().filter(|name| search.matches_name(name));
        let mut reads = stream::iter(wanted.map(|name| self.read_match(search, by_tags, name)).collect::<Vec<_>>())
            .buffered(ABREAST);
        let mut found = Matches::default();
        while let Some((name, value)) = reads.try_next().await? {
            if let Some(value) = value {
                found.add(search, self.name(), name, value)?;
            }
        }
        Ok(found)
    }
}

impl Kv {
    /// Every secret's name below the search's path, from the mount on.
    async fn names(&self, search: &Search) -> Result<Vec<String>, Error> {
        let mut folders = vec![search.path().unwrap_or_default().trim_matches('/').to_owned()];
        let mut names = Vec::new();
        while let Some(folder) = folders.pop() {
            let path = self.engine.listing(&folder).ok_or_else(|| {
                let cause = "the path can be none of an engine, or the store names no `path`; correct one of them";
                search.error(self.name(), Kind::Invalid, cause.to_owned())
            })?;
            search.call(self.name()).await?;
            for name in self.list(&path, || search.doing()).await? {
                let whole = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                match whole.strip_suffix('/') {
                    Some(folder) => folders.push(folder.to_owned()),
                    None => names.push(whole),
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A secret that the engine listed, if its tags match and it was not deleted.
    async fn read_match(
        &self,
        search: &Search,
        by_tags: bool,
        name: String,
    ) -> Result<(String, Option<Sealed>), Error> {
        if by_tags && !self.has_tags(search, &name).await? {
            return Ok((name, None));
        }
        let value = self.read_listed(search, &name, Part::Value).await?;
        Ok((name, value))
    }

    async fn has_tags(&self, search: &Search, name: &str) -> Result<bool, Error> {
        let Some(metadata) = self.read_listed(search, name, Part::Metadata).await? else { return Ok(false) };
        let Ok(members) = gjson::members(metadata.expose()) else { return Ok(false) };
        let tags: Vec<_> = members.map(|(tag, value)| (tag, value.as_text().into_owned())).collect();
        Ok(search.matches_tags(tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()))))
    }

    async fn read_listed(&self, search: &Search, name: &str, part: Part) -> Result<Option<Sealed>, Error> {
        search.call(self.name()).await?;
        match self.read_one(&RemoteKey { key: name.to_owned(), version: None, part, property: None }).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
