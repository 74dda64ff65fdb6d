//! The rules of searching. A provider that cannot search in one of the ways must say so.

use std::collections::BTreeMap;

use goregex::quote_meta;

use super::{CANARY, Case, Fixture, Outcome, Verdict, content, declined, ensure, holds};
use crate::provider::{Error, Kind, Matches, Query, Search};
use crate::sealed::Sealed;

/// In which ways a provider searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searches {
    /// By an expression that names match.
    pub name: bool,
    /// By the path that names begin with.
    pub path: bool,
    /// By tags or labels; then [`Fixture::tag`] puts them.
    pub tags: bool,
}

impl Searches {
    /// None of them.
    pub const NONE: Self = Self { name: false, path: false, tags: false };
    /// All of them.
    pub const ALL: Self = Self { name: true, path: true, tags: true };
}

/// More names than one page of any provider has.
pub(super) const PAGES: usize = 130;
/// Why a provider has no part in most of it.
pub(super) const NOT_BY_NAME: &str = "it does not search by name";

/// Puts a provider through every rule of searching.
pub(super) async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    vec![
        ("a way of searching that a provider lacks is invalid", lacking(fixture).await),
        ("a search by name finds what matches and nothing else", by_name(fixture).await),
        ("a search by path finds what is beneath it", by_path(fixture).await),
        ("a search by tags finds what has all of them", by_tags(fixture).await),
        ("a search by two things finds what has both", by_both(fixture).await),
        ("a search finds every page", pages(fixture).await),
        ("a search that finds nothing is empty", nothing(fixture).await),
        ("the next search sees what was rotated, added and deleted", changes(fixture).await),
        ("what is found comes back byte by byte", exact(fixture).await),
        ("a search with a page that fails fails", failing_page(fixture).await),
    ]
}

async fn lacking(fixture: &dyn Fixture) -> Case {
    let searches = fixture.searches();
    let ways = [
        (searches.name, name(fixture, "find-lacking")),
        (searches.path, path(fixture, "find-lacking/")),
        (searches.tags, tags(&[("lacking", "1")])),
    ];
    for (has, query) in ways {
        let kind = find(fixture, &query).await.err().map(|error| error.kind);
        ensure(has == (kind != Some(Kind::Invalid)), || format!("{query:?}: {kind:?}"))?;
    }
    Ok(Verdict::Holds)
}

async fn by_name(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().name {
        return declined(NOT_BY_NAME);
    }
    let put = ["find-name-1", "find-name-2", "find-name-x", "find-other-1"];
    put_all(fixture, &put).await;
    let mut query = name(fixture, "find-name-");
    query.name = query.name.map(|begin| format!("{begin}[0-9]+$"));
    found(fixture, &query, &["find-name-1", "find-name-2"]).await
}

async fn by_path(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().path {
        return declined("it does not search by path");
    }
    put_all(fixture, &["find-path/a", "find-path/b/c", "find-pathless/a"]).await;
    found(fixture, &path(fixture, "find-path/"), &["find-path/a", "find-path/b/c"]).await
}

async fn by_tags(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().tags {
        return declined("it does not search by tags");
    }
    let run = fixture.listed("tagged");
    let all = [("find-tag-both", ["a", "b"]), ("find-tag-one", ["a", "c"]), ("find-tag-mixed", ["b", "a"])];
    for (key, [team, env]) in all {
        put_all(fixture, &[key]).await;
        let own = [("team", team), ("env", env), ("run", run.as_str())];
        fixture.tag(key, &own.map(|(key, value)| (key.to_owned(), value.to_owned())).into()).await;
    }
    expect(fixture, &tags(&[("team", "a"), ("env", "b"), ("run", &run)]), &["find-tag-both"]).await?;
    found(fixture, &tags(&[("team", "a"), ("run", &run)]), &["find-tag-both", "find-tag-one"]).await
}

async fn by_both(fixture: &dyn Fixture) -> Case {
    let Searches { name: true, path: true, .. } = fixture.searches() else {
        return declined("it does not search by name and path");
    };
    put_all(fixture, &["find-both/db-1", "find-both/web-1", "find-alone/db-1"]).await;
    let query = Query { name: Some("db-[0-9]$".to_owned()), ..path(fixture, "find-both/") };
    found(fixture, &query, &["find-both/db-1"]).await
}

async fn pages(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().name {
        return declined(NOT_BY_NAME);
    }
    let names: Vec<_> = (0..PAGES).map(|number| format!("find-page-{number:03}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    put_all(fixture, &names).await;
    found(fixture, &name(fixture, "find-page-"), &names).await
}

async fn nothing(fixture: &dyn Fixture) -> Case {
    let searches = fixture.searches();
    for (has, query) in [
        (searches.name, name(fixture, "find-no-such-name")),
        (searches.path, path(fixture, "find-no-such-path/")),
        (searches.tags, tags(&[("find-no-such-tag", "1")])),
    ] {
        if has {
            expect(fixture, &query, &[]).await?;
        }
    }
    Ok(Verdict::Holds)
}

async fn changes(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().name {
        return declined(NOT_BY_NAME);
    }
    let query = name(fixture, "find-change-");
    put_all(fixture, &["find-change-1", "find-change-2", "find-change-3"]).await;
    expect(fixture, &query, &["find-change-1", "find-change-2", "find-change-3"]).await?;
    fixture.put("find-change-1", content("another").expose()).await;
    fixture.delete("find-change-2").await;
    put_all(fixture, &["find-change-4"]).await;
    let found = find(fixture, &query).await.map_err(|error| error.to_string())?;
    let rotated = found.entries().get(&fixture.listed("find-change-1"));
    ensure(rotated == Some(&content("another")), || "the value is not the new one".to_owned())?;
    let names: Vec<_> = found.entries().keys().collect();
    let wanted = ["find-change-1", "find-change-3", "find-change-4"].map(|name| fixture.listed(name));
    holds(names == wanted.iter().collect::<Vec<_>>(), || format!("{names:?}"))
}

async fn exact(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().name {
        return declined(NOT_BY_NAME);
    }
    let binary: &[u8] = if fixture.finds_binary() { &[0xff, 0, 0xfe] } else { b"plain" };
    let text = format!(" {CANARY}\r\n\u{1f511} <&> ");
    for (key, value) in [("find-exact-binary", binary), ("find-exact-text", text.as_bytes())] {
        fixture.put(key, value).await;
    }
    let found = find(fixture, &name(fixture, "find-exact-")).await.map_err(|error| error.to_string())?;
    let values: Vec<_> = found.entries().values().cloned().collect();
    holds(values == [Sealed::new(binary.to_vec()), Sealed::from(text)], || "it is not what was put".to_owned())
}

/// Only where the fixture can make a page fail.
async fn failing_page(fixture: &dyn Fixture) -> Case {
    if !fixture.searches().name {
        return declined(NOT_BY_NAME);
    }
    let query = name(fixture, "find-page-");
    for kind in [Kind::Denied, Kind::Throttled, Kind::Unavailable] {
        if !fixture.fail_page(Some(kind)).await {
            return declined("its calls fail on the wire");
        }
        let outcome = find(fixture, &query).await;
        fixture.fail_page(None).await;
        let got = outcome.as_ref().err().map(|error| error.kind);
        ensure(got == Some(kind), || format!("{kind:?}: {got:?}"))?;
    }
    find(fixture, &query).await.map(|_| Verdict::Holds).map_err(|error| error.to_string())
}

pub(super) async fn put_all(fixture: &dyn Fixture, names: &[&str]) {
    for name in names {
        fixture.put(name, content(name).expose()).await;
    }
}

/// What is listed under names that begin as what is put under `begin`.
pub(super) fn name(fixture: &dyn Fixture, begin: &str) -> Query {
    let begin = quote_meta(fixture.listed(begin));
    Query { name: Some(format!("^{}", String::from_utf8_lossy(&begin))), ..Query::default() }
}

fn path(fixture: &dyn Fixture, path: &str) -> Query {
    Query { path: Some(fixture.listed(path)), ..Query::default() }
}

fn tags(tags: &[(&str, &str)]) -> Query {
    let tags: BTreeMap<_, _> = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Query { tags, ..Query::default() }
}

async fn find(fixture: &dyn Fixture, query: &Query) -> Result<Matches, Error> {
    fixture.provider().find(&Search::new(query)?).await
}

async fn found(fixture: &dyn Fixture, query: &Query, wanted: &[&str]) -> Case {
    expect(fixture, query, wanted).await.map(|()| Verdict::Holds)
}

/// Whether exactly what was put under `wanted` is found, with its values.
async fn expect(fixture: &dyn Fixture, query: &Query, wanted: &[&str]) -> Result<(), String> {
    let found = find(fixture, query).await.map_err(|error| error.to_string())?;
    let wanted: BTreeMap<_, _> = wanted.iter().map(|name| (fixture.listed(name), content(name))).collect();
    let names = |map: &BTreeMap<String, Sealed>| map.keys().cloned().collect::<Vec<_>>();
    ensure(names(found.entries()) == names(&wanted), || format!("{:?}", names(found.entries())))?;
    ensure(*found.entries() == wanted, || "a value is not the one that was put".to_owned())
}
