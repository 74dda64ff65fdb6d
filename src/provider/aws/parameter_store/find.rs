//! Searches: whole hierarchies with their values, ten a page; by tags, and where that is denied, names first and then
//! their values in tens.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Parameter, ParameterStore};
use crate::provider::aws::error::Failure;
use crate::provider::aws::search::{Listed, following};
use crate::provider::aws::session::{Service, Session};
use crate::provider::{Error, Find, Kind, Matches, Search};

const NAME: &str = ParameterStore::NAME;
/// The most parameters that AWS puts on a page of a hierarchy, and on one of a listing.
const HIERARCHY_PAGE: usize = 10;
const LISTING_PAGE: usize = 50;
/// Where every parameter is.
const ROOT: &str = "/";

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Page {
    parameters: Vec<Parameter>,
    next_token: Option<String>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Session<ParameterStore> {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        let path = hierarchy(search)?;
        if let Some(first) = self.service.first_beneath(search, path).await? {
            return self.service.read_hierarchy(search, path, first).await;
        }
        let listed = self.service.list(search, path).await?;
        self.read_listed(search, &listed).await
    }
}

impl ParameterStore {
    /// The first page of a hierarchy; none where it must be listed: for tags, and for a principal that may not read it.
    async fn first_beneath(&self, search: &Search, path: &str) -> Result<Option<Page>, Error> {
        if !search.tags().is_empty() || self.path_denied.holds() {
            return Ok(None);
        }
        search.call(NAME).await?;
        let first = self.beneath(path, None).await;
        let denied = matches!(first, Err(Failure::Call { kind: Kind::Denied, .. }));
        self.path_denied.note(denied);
        if denied { Ok(None) } else { first.map(Some).map_err(|failure| failure.at(NAME, search.doing())) }
    }

    async fn beneath(&self, path: &str, token: Option<&str>) -> Result<Page, Failure> {
        let asked = json!({"Path": path, "Recursive": true, "WithDecryption": true, "MaxResults": HIERARCHY_PAGE, "NextToken": token});
        self.call("GetParametersByPath", &without_null(asked)).await
    }

    /// The values of a hierarchy, from its `first` page on.
    async fn read_hierarchy(&self, search: &Search, path: &str, first: Page) -> Result<Matches, Error> {
        let failed = |failure: Failure| failure.at(NAME, search.doing());
        let (mut found, mut page, mut token) = (Matches::default(), first, None);
        loop {
            for parameter in page.parameters {
                let value = parameter.content();
                if let Some(name) = matched(search, path, parameter.name) {
                    found.add(search, NAME, name, value.map_err(failed)?)?;
                }
            }
            token = following::<Self>(search, token.as_deref(), page.next_token)?;
            let Some(next) = &token else { return Ok(found) };
            search.call(NAME).await?;
            page = self.beneath(path, Some(next)).await.map_err(failed)?;
        }
    }

    /// Every parameter that matches, page by page.
    async fn list(&self, search: &Search, path: &str) -> Result<Vec<Listed>, Error> {
        let filters = filters(search, path)?;
        let (mut listed, mut token) = (Vec::new(), None);
        loop {
            search.call(NAME).await?;
            let asked = json!({"ParameterFilters": filters, "MaxResults": LISTING_PAGE, "NextToken": token});
            let page = self.call("DescribeParameters", &without_null(asked)).await;
            let page: Page = page.map_err(|failure| failure.at(NAME, search.doing()))?;
            let names = page.parameters.into_iter().filter_map(|parameter| matched(search, path, parameter.name));
            listed.extend(names.map(|name| Listed { id: name.clone(), name }));
            token = following::<Self>(search, token.as_deref(), page.next_token)?;
            if token.is_none() {
                return Ok(listed);
            }
        }
    }
}

/// The path as AWS takes it: it begins with a slash and ends with none.
fn hierarchy(search: &Search) -> Result<&str, Error> {
    match search.path() {
        None => Ok(ROOT),
        Some(path) if !path.starts_with(ROOT) => {
            let cause = "`find.path` must begin with `/`: it names a hierarchy, like `/team`".to_owned();
            Err(search.error(NAME, Kind::Invalid, cause))
        }
        Some(path) => Ok(Some(path.trim_end_matches('/')).filter(|path| !path.is_empty()).unwrap_or(ROOT)),
    }
}

/// The name of what is listed if it is looked for. AWS has matched the tags, which it does not list.
fn matched(search: &Search, path: &str, name: Option<String>) -> Option<String> {
    let beneath = |name: &str| path == ROOT || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    name.filter(|name| beneath(name) && search.matches_name(name))
}

/// Every tag with its value, all of them together, and the hierarchy.
fn filters(search: &Search, path: &str) -> Result<Vec<Value>, Error> {
    if search.tags().values().any(String::is_empty) {
        return Err(search.unsupported(NAME, "a tag without a value"));
    }
    let tag =
        |(key, value): (&String, &String)| json!({"Key": format!("tag:{key}"), "Option": "Equals", "Values": [value]});
    let beneath = (path != ROOT).then(|| json!({"Key": "Path", "Option": "Recursive", "Values": [path]}));
    Ok(search.tags().iter().map(tag).chain(beneath).collect())
}

/// AWS takes no null for an absent field.
fn without_null(mut asked: Value) -> Value {
    if let Some(fields) = asked.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Query;

    fn search(path: Option<&str>, tags: &[(&str, &str)]) -> Search {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Search::new(&Query { path: path.map(Into::into), name: Some("db".into()), tags }).unwrap()
    }

    #[test]
    fn a_path_is_a_hierarchy_with_or_without_its_last_slash() {
        for (path, sent) in [(None, "/"), (Some("/"), "/"), (Some("/team"), "/team"), (Some("/team/"), "/team")] {
            assert_eq!(hierarchy(&search(path, &[])).unwrap(), sent);
        }
        let error = hierarchy(&search(Some("team"), &[])).unwrap_err();
        assert!(error.kind == Kind::Invalid && error.cause.contains("`/team`"), "{error}");
    }

    #[test]
    fn a_name_matches_beneath_its_hierarchy_only() {
        let found = |path, name: &str| matched(&search(None, &[]), path, Some(name.to_owned())).is_some();
        assert!(found("/team", "/team/db") && found("/", "db") && found("/", "/other/db"));
        assert!(!found("/team", "/teams/db") && !found("/team", "/team") && !found("/", "/team/web"));
    }

    #[test]
    fn all_tags_and_the_hierarchy_are_filters_and_a_tag_without_a_value_is_refused() {
        let both = search(Some("/team"), &[("a", "1"), ("b", "2")]);
        let keys: Vec<_> = filters(&both, "/team").unwrap().iter().map(|filter| filter["Key"].clone()).collect();
        assert_eq!(keys, ["tag:a", "tag:b", "Path"]);
        assert_eq!(filters(&search(None, &[("a", "")]), "/").unwrap_err().kind, Kind::Invalid);
    }
}
