//! Searches: every secret of a store that matches a query, with its value; all of them, or an error.
//!
//! A listing is many calls, and half of one looks like secrets that are gone. So a search that fails on any page, loses
//! its page token, or finds more than it may hold fails as a whole, and an answer says that nothing is missing in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use goregex::Regexp;

use super::{Error, Kind, Part, Query, RemoteKey};
use crate::sealed::Sealed;

/// The most secrets that one search may find; a Secret of 1 MiB holds fewer.
const MOST_MATCHES: usize = 10_000;
/// The most bytes of names and values that one search may find: four times a Secret's.
const MOST_BYTES: usize = 4 << 20;
/// The most calls that one search may make; pages of 100 names list 100,000 secrets.
const MOST_CALLS: usize = 1_000;
/// How many secrets of one search are read at once.
const ABREAST: usize = 8;

/// Finds remote secrets.
#[async_trait]
pub trait Find: fmt::Debug + Send + Sync {
    /// Finds every secret that matches, by the name under which the provider lists it.
    ///
    /// An answer is complete: a page that fails, or whose token does, fails the search. Each call that leaves is preceded
    /// by [`Search::call`]. A secret that is gone between the listing and its read is passed over; one that may not be
    /// read fails the search. Where nothing matches, or the path is not there, the answer is empty and never
    /// [`Kind::NotFound`]. A provider that cannot list answers with [`Search::unsupported`].
    async fn find(&self, search: &Search) -> Result<Matches, Error>;
}

/// Gives out turns to make a call, so that a search of many calls keeps to its session's rate.
#[async_trait]
pub(super) trait Turns: fmt::Debug + Send + Sync {
    /// Waits for a turn; why there is none.
    async fn turn(&self) -> Result<(), (Kind, &'static str)>;
}

/// A query that is being answered: what to look for, and what the search may still cost.
#[derive(Debug)]
pub struct Search {
    query: Query,
    name: Option<Regexp>,
    calls: AtomicUsize,
    turns: Option<Arc<dyn Turns>>,
}

impl Search {
    /// Compiles the query's expression, once for the whole search.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where it is none.
    pub fn new(query: &Query) -> Result<Self, Error> {
        let name = query.name.as_deref().map(Regexp::new).transpose();
        let name = name.map_err(|error| Error {
            provider: "find",
            doing: "read `find.name.regexp`".to_owned(),
            kind: Kind::Invalid,
            cause: format!("{error}; correct the expression"),
        })?;
        Ok(Self { query: query.clone(), name, calls: AtomicUsize::new(0), turns: None })
    }

    /// The same search, whose calls after the first wait for their turn.
    pub(super) fn paced(&self, turns: Arc<dyn Turns>) -> Self {
        let calls = AtomicUsize::new(self.calls.load(Ordering::Relaxed));
        Self { query: self.query.clone(), name: self.name.clone(), calls, turns: Some(turns) }
    }

    /// Where the search begins, if not everywhere; not empty.
    pub fn path(&self) -> Option<&str> {
        self.query.path.as_deref()
    }

    /// The tags or labels that a secret must have.
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.query.tags
    }

    /// Whether names are matched at all.
    pub fn is_by_name(&self) -> bool {
        self.name.is_some()
    }

    /// Whether `name` is one that is looked for; any is where the query has no expression.
    pub fn matches_name(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|expression| expression.is_match(name))
    }

    /// Whether `tags` has every tag that is looked for, with its value.
    pub fn matches_tags<'a>(&self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        if self.query.tags.is_empty() {
            return true;
        }
        let tags: BTreeSet<_> = tags.into_iter().collect();
        self.query.tags.iter().all(|(key, value)| tags.contains(&(key.as_str(), value.as_str())))
    }

    /// To be awaited before each call that leaves: counts it, and waits for its turn.
    ///
    /// # Errors
    /// The search has made as many calls as it may, or has no turn in time.
    pub async fn call(&self, provider: &'static str) -> Result<(), Error> {
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        if before >= MOST_CALLS {
            let cause = format!("it takes more than {MOST_CALLS} calls; narrow it by path, name or tags");
            return Err(self.error(provider, Kind::Invalid, cause));
        }
        match &self.turns {
            // Whoever began the search had a turn for its first call.
            Some(turns) if before > 0 => {
                turns.turn().await.map_err(|(kind, cause)| self.error(provider, kind, cause.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Has `read` read each of `names`, where a provider reads one in a call. What is gone since it was listed is passed
    /// over.
    ///
    /// # Errors
    /// One may not be read, or there is too much of it.
    pub(super) async fn read_each<F>(
        &self,
        provider: &'static str,
        names: Vec<String>,
        read: impl Fn(RemoteKey) -> F + Send + Sync,
    ) -> Result<Matches, Error>
    where
        F: Future<Output = Result<Sealed, Error>> + Send,
    {
        let one = |name: String| {
            let value = read(RemoteKey { key: name.clone(), version: None, part: Part::Value, property: None });
            async move {
                self.call(provider).await?;
                match value.await {
                    Ok(value) => Ok(Some((name, value))),
                    Err(error) if error.kind == Kind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
        };
        let mut reads = stream::iter(names.into_iter().map(one).collect::<Vec<_>>()).buffered(ABREAST);
        let mut found = Matches::default();
        while let Some(present) = reads.try_next().await? {
            if let Some((name, value)) = present {
                found.add(self, provider, name, value)?;
            }
        }
        Ok(found)
    }

    /// That `provider` cannot search by `what`: `name`, `path`, `tags`, or nothing of them.
    pub fn unsupported(&self, provider: &'static str, what: &str) -> Error {
        let cause = format!("it cannot search by {what}; name each secret in an entry of its own, or search otherwise");
        self.error(provider, Kind::Invalid, cause)
    }

    /// That the search as a whole failed, in words that are the same for the same failure.
    pub fn error(&self, provider: &'static str, kind: Kind, cause: String) -> Error {
        Error { provider, doing: self.doing(), kind, cause }
    }

    /// Refuses a query that names neither an expression nor a path nor tags, for a provider that needs one of them.
    ///
    /// # Errors
    /// [`Kind::Invalid`].
    pub fn require_some(&self, provider: &'static str) -> Result<(), Error> {
        if self.query == Query::default() {
            let cause = "`find` names nothing to search by; set one of name.regexp, path and tags".to_owned();
            return Err(self.error(provider, Kind::Invalid, cause));
        }
        Ok(())
    }

    /// What is being tried, for an error: `search by name "^db-" and path "/team"`.
    pub fn doing(&self) -> String {
        let name = self.query.name.iter().map(|name| format!("name {name:?}"));
        let path = self.query.path.iter().map(|path| format!("path {path:?}"));
        let tags = (!self.query.tags.is_empty()).then(|| "tags".to_owned());
        let by: Vec<_> = name.chain(path).chain(tags).collect();
        if by.is_empty() { "search".to_owned() } else { format!("search by {}", by.join(" and ")) }
    }
}

/// What a search found so far, within its bounds.
#[derive(Debug, Default)]
pub struct Matches {
    entries: BTreeMap<String, Sealed>,
    bytes: usize,
}

impl Matches {
    /// Adds one secret.
    ///
    /// # Errors
    /// There are more of them, or more bytes, than one search may find.
    pub fn add(&mut self, search: &Search, provider: &'static str, name: String, value: Sealed) -> Result<(), Error> {
        let excess = |bound: String| {
            let cause = format!("it finds more than {bound}; narrow it by path, name or tags");
            search.error(provider, Kind::Invalid, cause)
        };
        self.bytes += name.len() + value.len();
        self.entries.insert(name, value);
        if self.entries.len() > MOST_MATCHES {
            return Err(excess(format!("{MOST_MATCHES} secrets")));
        }
        if self.bytes > MOST_BYTES {
            return Err(excess(format!("{} MiB of values", MOST_BYTES >> 20)));
        }
        Ok(())
    }

    /// By name.
    pub fn entries(&self) -> &BTreeMap<String, Sealed> {
        &self.entries
    }

    /// As one value; equal matches give equal ones.
    pub fn packed(&self) -> Sealed {
        // It cannot fail within the bounds above.
        Sealed::pack(&self.entries).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(path: Option<&str>, name: Option<&str>, tags: &[(&str, &str)]) -> Search {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Search::new(&Query { path: path.map(Into::into), name: name.map(Into::into), tags }).unwrap()
    }

    #[test]
    fn a_name_matches_anywhere_as_with_go() {
        let by_name = search(None, Some("db-[0-9]+$"), &[]);
        assert!(by_name.matches_name("team/db-12") && !by_name.matches_name("db-x"));
        assert!(search(None, None, &[]).matches_name("anything"));
    }

    #[test]
    fn tags_match_when_all_of_them_are_there_with_their_values() {
        let by_tags = search(None, None, &[("a", "1"), ("b", "2")]);
        assert!(by_tags.matches_tags([("b", "2"), ("c", "3"), ("a", "1")]));
        assert!(!by_tags.matches_tags([("a", "1")]) && !by_tags.matches_tags([("a", "1"), ("b", "3")]));
    }

    #[test]
    fn an_expression_that_is_none_is_invalid_and_says_why() {
        let error = Search::new(&Query { name: Some("(".into()), ..Query::default() }).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.cause.contains("missing closing )"), "{error}");
    }

    #[test]
    fn an_error_says_what_was_looked_for() {
        assert_eq!(
            search(Some("/t"), Some("^a"), &[("k", "v")]).doing(),
            r#"search by name "^a" and path "/t" and tags"#
        );
        let refused = search(None, None, &[("k", "v")]).unsupported("Fake", "tags");
        assert_eq!(
            refused.to_string(),
            "Fake could not search by tags: it cannot search by tags; name each secret in an entry of its own, or search \
             otherwise"
        );
    }

    #[tokio::test]
    async fn a_search_ends_after_so_many_calls_secrets_and_bytes() {
        let all = search(None, None, &[]);
        for _ in 0..MOST_CALLS {
            assert_eq!(all.call("P").await, Ok(()));
        }
        assert_eq!(all.call("P").await.unwrap_err().kind, Kind::Invalid);
        let mut many = Matches::default();
        let added = (0..=MOST_MATCHES).map(|n| many.add(&all, "P", n.to_string(), Sealed::default()));
        assert_eq!(added.filter(Result::is_err).count(), 1);
        let mut large = Matches::default();
        assert_eq!(large.add(&all, "P", "a".into(), Sealed::new(vec![0; MOST_BYTES - 1])), Ok(()));
        assert_eq!(large.add(&all, "P", "b".into(), Sealed::default()).unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn what_was_found_is_packed_by_name() {
        let (all, mut found) = (search(None, None, &[]), Matches::default());
        for name in ["b", "a"] {
            found.add(&all, "P", name.into(), Sealed::from(name)).unwrap();
        }
        assert_eq!(found.packed().unpack().unwrap(), [("a", &b"a"[..]), ("b", b"b")]);
    }
}
