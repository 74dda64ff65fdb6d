//! Searches: names and tags first, a hundred a page, then values in twenties.
//!
//! AWS narrows a listing by the beginnings of names, tag keys and tag values, each on its own; whether a secret really
//! matches is decided here.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::list_secrets::ListSecretsOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry, SortOrderType};

use super::SecretsManager;
use crate::provider::aws::error::Failure;
use crate::provider::aws::search::{Listed, following};
use crate::provider::aws::session::{Service, Session};
use crate::provider::{Error, Find, Matches, Search};

/// The most entries that AWS puts on a page.
const PAGE: i32 = 100;
/// AWS takes no more filters in a call.
const MOST_FILTERS: usize = 10;
/// AWS takes no longer value of a filter.
const LONGEST_FILTER: usize = 512;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Session<SecretsManager> {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(SecretsManager::NAME)?;
        let listed = self.service.list(search).await?;
        self.read_listed(search, &listed).await
    }
}

impl SecretsManager {
    /// Every secret that matches, page by page.
    async fn list(&self, search: &Search) -> Result<Vec<Listed>, Error> {
        let (mut listed, mut token) = (Vec::new(), None);
        loop {
            search.call(Self::NAME).await?;
            let page =
                self.page(search, token.clone()).await.map_err(|failure| failure.at(Self::NAME, search.doing()))?;
            listed.extend(page.secret_list.unwrap_or_default().into_iter().filter_map(|entry| matched(search, entry)));
            token = following::<Self>(search, token.as_deref(), page.next_token)?;
            if token.is_none() {
                return Ok(listed);
            }
        }
    }

    async fn page(&self, search: &Search, token: Option<String>) -> Result<ListSecretsOutput, Failure> {
        let request = self.client.list_secrets().max_results(PAGE).sort_order(SortOrderType::Asc);
        let request = request.set_filters(Some(filters(search))).set_next_token(token);
        self.call("ListSecrets", request.send()).await
    }
}

/// What is listed, if it is looked for; it is read by its ARN, which can be no other account's.
fn matched(search: &Search, entry: SecretListEntry) -> Option<Listed> {
    let (name, arn) = (entry.name?, entry.arn?);
    let tags = entry.tags.unwrap_or_default();
    let tags = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    let beneath = search.path().is_none_or(|path| name.starts_with(path));
    (beneath && search.matches_name(&name) && search.matches_tags(tags)).then_some(Listed { name, id: arn })
}

/// What AWS can leave out by itself. A value that AWS would not take, or take for a negation, is left to us.
fn filters(search: &Search) -> Vec<Filter> {
    let path = search.path().map(|path| (FilterNameStringType::Name, path));
    let tags = search.tags().iter().flat_map(|(key, value)| {
        [(FilterNameStringType::TagKey, key.as_str()), (FilterNameStringType::TagValue, value.as_str())]
    });
    let plain = |value: &str| {
        (1..=LONGEST_FILTER).contains(&value.len())
            && !value.starts_with('!')
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" :_@/+=.-!".contains(&byte))
    };
    let wanted = path.into_iter().chain(tags).filter(|(_, value)| plain(value));
    wanted.take(MOST_FILTERS).map(|(key, value)| Filter::builder().key(key).values(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::types::Tag;

    use super::*;
    use crate::provider::Query;

    fn search(path: Option<&str>, name: Option<&str>, tags: &[(&str, &str)]) -> Search {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Search::new(&Query { path: path.map(Into::into), name: name.map(Into::into), tags }).unwrap()
    }

    fn entry(name: &str, tags: &[(&str, &str)]) -> SecretListEntry {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
        SecretListEntry::builder().name(name).arn(format!("arn:{name}")).set_tags(Some(tags)).build()
    }

    fn found(search: &Search, name: &str, tags: &[(&str, &str)]) -> bool {
        matched(search, entry(name, tags)).is_some()
    }

    fn sent(search: &Search) -> Vec<String> {
        let shown = |filter: Filter| format!("{}={}", filter.key.unwrap(), filter.values.unwrap().join(","));
        filters(search).into_iter().map(shown).collect()
    }

    #[test]
    fn what_aws_lists_too_much_is_left_out() {
        let by_tags = search(None, None, &[("team", "a"), ("env", "prod")]);
        assert!(found(&by_tags, "x", &[("env", "prod"), ("team", "a")]));
        // AWS' filters match beginnings, and a key and a value that belong to two tags.
        assert!(!found(&by_tags, "x", &[("env", "a"), ("team", "prod")]) && !found(&by_tags, "x", &[("team", "ab")]));
        let by_path = search(Some("team/"), Some("db$"), &[]);
        assert!(
            found(&by_path, "team/db", &[]) && !found(&by_path, "Team/db", &[]) && !found(&by_path, "a/team/db", &[])
        );
    }

    #[test]
    fn a_secret_without_a_name_or_an_arn_is_none() {
        let all = search(None, None, &[]);
        assert_eq!(matched(&all, SecretListEntry::builder().name("a").build()), None);
        assert_eq!(matched(&all, SecretListEntry::builder().arn("a").build()), None);
    }

    #[test]
    fn filters_are_what_aws_takes_and_no_negation() {
        let both = search(Some("team/"), None, &[("env", "prod")]);
        assert_eq!(sent(&both), ["name=team/", "tag-key=env", "tag-value=prod"]);
        let strange = search(Some("!team"), None, &[("ключ", "v"), ("a", "")]);
        assert_eq!(sent(&strange), ["tag-key=a", "tag-value=v"]);
        let many: Vec<_> = (0..9).map(|n| n.to_string()).collect();
        let many: Vec<_> = many.iter().map(|key| (key.as_str(), "v")).collect();
        assert_eq!(sent(&search(None, None, &many)).len(), MOST_FILTERS);
        assert!(sent(&search(None, Some("x"), &[])).is_empty());
    }
}
