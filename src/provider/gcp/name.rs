//! Names of secrets: which project and location, which secret, which version.

use tokio::sync::OnceCell;

use super::error::Failure;
use super::metadata::{Metadata, PROJECT};
use super::refuse;
use crate::api::provider::gcpsm::GcpSmProvider;
use crate::provider::{Error, Kind, RemoteKey};

/// The longest name of a secret, Google's.
const LONGEST: usize = 255;
/// The version that a reference means when it names none.
pub(super) const LATEST: &str = "latest";

/// The project and location of a store.
#[derive(Debug)]
pub(super) struct Place {
    project: Option<String>,
    location: Option<String>,
    /// The project of the machine, asked for once where the store names none.
    found: OnceCell<String>,
    metadata: Metadata,
}

/// A secret, and a version of it, as a reference names them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// Project and location, where the key is a full resource name.
    within: Option<(&'a str, Option<&'a str>)>,
    pub(super) secret: &'a str,
    pub(super) version: Option<&'a str>,
}

impl Place {
    /// The store's project, else the credential's (`own`), else the machine's.
    pub(super) fn new(spec: &GcpSmProvider, own: Option<&str>, metadata: Metadata) -> Result<Self, Error> {
        let given = spec.project_id.as_deref().filter(|project| !project.is_empty()).or(own);
        let location = spec.location.as_deref().filter(|location| !location.is_empty());
        if given.is_some_and(|project| !is_project(project)) {
            return Err(refuse("projectID", "it is no project's id"));
        }
        if location.is_some_and(|location| !is_location(location)) {
            return Err(refuse("location", "it is no location: it must be like `europe-west3`"));
        }
        Ok(Self {
            project: given.map(str::to_owned),
            location: location.map(str::to_owned),
            found: OnceCell::new(),
            metadata,
        })
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Asks the metadata server where nothing else names one.
    pub(super) async fn project(&self) -> Result<&str, Failure> {
        if let Some(project) = &self.project {
            return Ok(project);
        }
        self.found.get_or_try_init(|| self.ask()).await.map(String::as_str)
    }

    async fn ask(&self) -> Result<String, Failure> {
        let found = self.metadata.text(PROJECT, &[]).await;
        found.ok().filter(|project| is_project(project)).ok_or_else(|| {
            Failure::new(
                Kind::Invalid,
                "the store names no `projectID`, and no metadata server says the cluster's; set it",
            )
        })
    }

    /// The path of what secrets are listed in.
    pub(super) async fn parent(&self) -> Result<Vec<String>, Failure> {
        let mut path = vec!["v1".to_owned(), "projects".to_owned(), self.project().await?.to_owned()];
        if let Some(location) = &self.location {
            path.extend(["locations".to_owned(), location.clone()]);
        }
        path.push("secrets".to_owned());
        Ok(path)
    }

    /// The path of a secret. A key that is a full name must be of this place: who may use a store may not choose another
    /// project through it.
    pub(super) async fn secret(&self, name: &Name<'_>) -> Result<Vec<String>, Failure> {
        let mut path = self.parent().await?;
        if let Some((project, location)) = name.within
            && (project != self.project().await? || location != self.location())
        {
            let cause = "the key names another project or location than the store; make a store for it";
            return Err(Failure::new(Kind::Invalid, cause));
        }
        path.push(name.secret.to_owned());
        Ok(path)
    }
}

impl<'a> Name<'a> {
    /// Reads `name`, or `projects/P/secrets/name` with a location and a version where there are such.
    pub(super) fn parse(key: &'a RemoteKey) -> Result<Self, Failure> {
        let name = Self::split(&key.key)
            .ok_or_else(|| invalid("the key is no secret's name: letters, digits, `-` and `_`, 255 at most"))?;
        let version = key.version.as_deref().filter(|version| !version.is_empty());
        if version.is_some() && name.version.is_some() {
            return Err(invalid("both the key and `version` name a version; remove one"));
        }
        let version = version.or(name.version);
        if version.is_some_and(|version| !is_id(version)) {
            return Err(invalid("`version` is neither a number nor an alias"));
        }
        Ok(Self { version, ..name })
    }

    fn split(key: &'a str) -> Option<Self> {
        let parts: Vec<_> = key.splitn(9, '/').collect();
        let (within, rest) = match parts.as_slice() {
            [secret] => (None, [*secret].to_vec()),
            ["projects", project, "locations", location, "secrets", rest @ ..] => {
                (Some((*project, Some(*location))), rest.to_vec())
            }
            ["projects", project, "secrets", rest @ ..] => (Some((*project, None)), rest.to_vec()),
            _ => return None,
        };
        let (secret, version) = match rest.as_slice() {
            [secret] => (*secret, None),
            [secret, "versions", version] => (*secret, Some(*version)),
            _ => return None,
        };
        is_id(secret).then_some(Self { within, secret, version })
    }

    /// Whether the version is a number: what it holds can never be another.
    pub(super) fn is_numbered(&self) -> bool {
        self.version.is_some_and(|version| {
            version.bytes().all(|byte| byte.is_ascii_digit()) && version.bytes().any(|byte| byte != b'0')
        })
    }
}

fn invalid(cause: &str) -> Failure {
    Failure::new(Kind::Invalid, cause)
}

/// Whether `text` can be a secret's id, or the beginning of one.
pub(super) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain)
}

/// Ids and numbers of projects, those of a domain (`example.com:name`) too. Clusters' names are such as well.
pub(super) fn is_project(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && text.len() <= 128 && text.bytes().all(plain)
}

/// A location becomes a part of a host name, so nothing but a location may be in it.
pub(super) fn is_location(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= 63 && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::memory::{key, key_at};

    #[test]
    fn a_key_is_a_name_or_a_full_one() {
        let parse = |text: &str| {
            let key = key(text);
            Name::parse(&key).map(|name| format!("{name:?}")).ok()
        };
        let name = |within, secret, version| Some(format!("{:?}", Name { within, secret, version }));
        assert_eq!(parse("db-1_A"), name(None, "db-1_A", None));
        assert_eq!(parse("projects/p/secrets/a"), name(Some(("p", None)), "a", None));
        assert_eq!(parse("projects/p/secrets/a/versions/3"), name(Some(("p", None)), "a", Some("3")));
        assert_eq!(parse("projects/p/locations/l/secrets/a"), name(Some(("p", Some("l"))), "a", None));
        for strange in
            ["", " ", "a/b", "a:destroy", "a.b", "..", "projects/p/secrets/", "projects/p/secrets/a/b", "ключ", "a%2f"]
        {
            assert_eq!(parse(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn only_numbers_are_versions_that_never_change() {
        let numbered = |version: &str| Name::parse(&key_at("a", version)).map(|name| name.is_numbered());
        assert_eq!(numbered("3"), Ok(true));
        for alias in ["latest", "0", "prod", "3a"] {
            assert_eq!(numbered(alias), Ok(false), "{alias}");
        }
        for strange in ["1:destroy", "1/x", "-é", "1 "] {
            assert!(numbered(strange).is_err(), "{strange}");
        }
        assert!(Name::parse(&key_at("projects/p/secrets/a/versions/3", "3")).is_err());
    }

    #[test]
    fn what_becomes_a_host_is_a_location_and_nothing_else() {
        assert!(is_location("europe-west3"));
        for strange in ["", "-a", "a.evil.example", "a/b", "A", "a@b", "a:1"] {
            assert!(!is_location(strange), "{strange}");
        }
        assert!(is_project("my-project") && is_project("example.com:my-project") && is_project("123"));
        for strange in ["", "..", ".a", "a/b", "a?b", "-"] {
            assert!(!is_project(strange), "{strange}");
        }
    }
}
