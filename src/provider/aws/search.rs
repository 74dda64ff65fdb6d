//! What searches of both services do alike: reading the values of what was listed, and going on from page to page.
//!
//! Names are those that AWS has: as in ESO the store's prefix plays no part in a search.

use futures::{StreamExt, stream};

use super::session::{ABREAST, Service, Session};
use crate::provider::{Error, Kind, Matches, Part, RemoteKey, Search};
use crate::sealed::Sealed;

/// A secret that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    /// What it is read by.
    pub(super) id: String,
}

impl<S: Service> Session<S> {
    /// The values of what a search has listed, a batch a call.
    pub(super) async fn read_listed(&self, search: &Search, listed: &[Listed]) -> Result<Matches, Error> {
        let read = listed.chunks(S::BATCH).map(|batch| self.read_batch(search, batch)).collect::<Vec<_>>();
        let mut read = stream::iter(read).buffered(ABREAST);
        let mut found = Matches::default();
        while let Some(values) = read.next().await {
            for (name, value) in values? {
                found.add(search, S::NAME, name, value)?;
            }
        }
        Ok(found)
    }

    /// What is gone since it was listed, or has no current value, is passed over.
    async fn read_batch(&self, search: &Search, listed: &[Listed]) -> Result<Vec<(String, Sealed)>, Error> {
        let calls = if self.reads_singly() { listed.len() } else { 1 };
        for _ in 0..calls {
            search.call(S::NAME).await?;
        }
        let key =
            |listed: &Listed| RemoteKey { key: listed.id.clone(), version: None, part: Part::Value, property: None };
        let keys: Vec<_> = listed.iter().map(key).collect();
        let answers = listed.iter().zip(self.read(&keys).await);
        let present = answers.filter(|(_, answer)| !matches!(answer, Err(error) if error.kind == Kind::NotFound));
        present.map(|(listed, answer)| answer.map(|value| (listed.name.clone(), value))).collect()
    }
}

/// The token of the next page, if there is one and it is not the page that was just read.
pub(super) fn following<S: Service>(
    search: &Search,
    before: Option<&str>,
    next: Option<String>,
) -> Result<Option<String>, Error> {
    let next = next.filter(|next| !next.is_empty());
    if next.is_some() && next.as_deref() == before {
        return Err(search.error(S::NAME, Kind::Unavailable, "the listing does not get on; it is tried again".into()));
    }
    Ok(next)
}
