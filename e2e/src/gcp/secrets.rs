//! Secret Manager: access, get and list, with filters and pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Answered, Asking, Said};
use super::state::{Place, Secret, State, Version, VersionState};

/// How many entries a page has where the request does not say.
const PAGE: usize = 100;
/// The number that stands for every project in names that are answered; Google answers with numbers, not with ids.
const NUMBER: &str = "424242";

/// Answers what is asked below `/v1/projects`.
pub(super) fn answer(state: &State, asking: &Asking, rest: &[&str]) -> Answered {
    let (project, location, rest) = match rest {
        [project, "locations", location, "secrets", rest @ ..] => (*project, Some((*location).to_owned()), rest),
        [project, "secrets", rest @ ..] => (*project, None, rest),
        _ => return unknown(asking),
    };
    let principal = asking.principal(state);
    let within = Within { state, asking, project, location };
    let (operation, key, answer) = within.answer(rest);
    let said = match &principal {
        None => {
            let message = "Request had invalid authentication credentials.";
            Said::Error(401, "UNAUTHENTICATED", message.to_owned())
        }
        // Of a project that is not there Google says no more than this.
        Some(principal) if !state.may_read(principal, project) => {
            let message = format!("Permission denied on resource 'projects/{project}' (or it may not exist).");
            Said::Error(403, "PERMISSION_DENIED", message)
        }
        Some(_) => answer,
    };
    Answered { operation, key, principal: principal.unwrap_or_default(), said }
}

fn unknown(asking: &Asking) -> Answered {
    let said = Said::Error(404, "", String::new());
    Answered { operation: "Unknown", key: asking.path.join("/"), principal: String::new(), said }
}

struct Within<'a> {
    state: &'a State,
    asking: &'a Asking,
    project: &'a str,
    location: Option<String>,
}

type Answer = (&'static str, String, Said);

impl Within<'_> {
    fn answer(&self, rest: &[&str]) -> Answer {
        match rest {
            [] => ("ListSecrets", self.project.to_owned(), self.list()),
            [id] => ("GetSecret", (*id).to_owned(), self.with(id, |secret| Said::Json(self.described(id, secret)))),
            [id, "versions"] => {
                ("ListSecretVersions", (*id).to_owned(), self.with(id, |secret| self.list_versions(id, secret)))
            }
            [id, "versions", version] => {
                if let Some(version) = version.strip_suffix(":access") {
                    let key = format!("{id}/{version}");
                    ("AccessSecretVersion", key, self.with(id, |secret| self.access(id, secret, version)))
                } else {
                    let key = format!("{id}/{version}");
                    ("GetSecretVersion", key, self.with(id, |secret| self.version(id, secret, version)))
                }
            }
            _ => ("Unknown", rest.join("/"), Said::Error(404, "", String::new())),
        }
    }

    fn name(&self, id: &str) -> String {
        let location = self.location.as_ref().map_or(String::new(), |location| format!("/locations/{location}"));
        format!("projects/{NUMBER}{location}/secrets/{id}")
    }

    fn with(&self, id: &str, answer: impl FnOnce(&Secret) -> Said) -> Said {
        let place = Place { project: self.project.to_owned(), location: self.location.clone(), id: id.to_owned() };
        match self.state.secrets.get(&place) {
            Some(secret) => answer(secret),
            None => Said::Error(404, "NOT_FOUND", format!("Secret [{}] not found or has no versions.", self.name(id))),
        }
    }

    fn described(&self, id: &str, secret: &Secret) -> Value {
        let mut text = json!({
            "name": self.name(id),
            "createTime": secret.created.to_string(),
            "etag": "\"1\"",
            "replication": {"automatic": {}},
        });
        // Empty maps are left out, as in protobuf's JSON.
        for (member, map) in [("labels", &secret.labels), ("annotations", &secret.annotations)] {
            if !map.is_empty() {
                text[member] = json!(map);
            }
        }
        text
    }

    /// The number that a version's name stands for, from 1.
    fn number(&self, id: &str, secret: &Secret, version: &str) -> Result<usize, Said> {
        let number = match version {
            "latest" => Some(secret.versions.len()),
            alias => secret.aliases.get(alias).copied().or_else(|| alias.parse().ok()),
        };
        let number = number.filter(|number| (1..=secret.versions.len()).contains(number));
        number.ok_or_else(|| {
            let message = if version == "latest" {
                format!("Secret [{}] not found or has no versions.", self.name(id))
            } else {
                format!("Secret Version [{}/versions/{version}] not found.", self.name(id))
            };
            Said::Error(404, "NOT_FOUND", message)
        })
    }

    fn access(&self, id: &str, secret: &Secret, version: &str) -> Said {
        let number = match self.number(id, secret, version) {
            Ok(number) => number,
            Err(said) => return said,
        };
        let name = format!("{}/versions/{number}", self.name(id));
        let Some(version) = secret.versions.get(number - 1) else { return Said::Error(404, "", String::new()) };
        if version.state != VersionState::Enabled {
            let message = format!("Secret Version [{name}] is in {} state.", version.state.word());
            return Said::Error(400, "FAILED_PRECONDITION", message);
        }
        let sum = crc32c(&version.payload).to_string();
        Said::Json(json!({
            "name": name,
            "payload": {"data": STANDARD.encode(&version.payload), "dataCrc32c": sum},
        }))
    }

    fn version(&self, id: &str, secret: &Secret, version: &str) -> Said {
        match self.number(id, secret, version) {
            Ok(number) => match secret.versions.get(number - 1) {
                Some(version) => Said::Json(self.version_of(id, number, version)),
                None => Said::Error(404, "", String::new()),
            },
            Err(said) => said,
        }
    }

    fn version_of(&self, id: &str, number: usize, version: &Version) -> Value {
        json!({
            "name": format!("{}/versions/{number}", self.name(id)),
            "createTime": version.created.to_string(),
            "state": version.state.word(),
            "etag": "\"1\"",
        })
    }

    /// The newest first.
    fn list_versions(&self, id: &str, secret: &Secret) -> Said {
        let filter = match terms(self.asking.param("filter")) {
            Ok(terms) => terms,
            Err(said) => return said,
        };
        if filter.iter().any(|term| !matches!(term, Term::State(_))) {
            return invalid("filter");
        }
        let is = |version: &Version| {
            filter.iter().all(|term| matches!(term, Term::State(word) if word == version.state.word()))
        };
        let versions: Vec<_> = secret.versions.iter().enumerate().rev().filter(|(_, version)| is(version)).collect();
        let versions: Vec<_> =
            versions.into_iter().map(|(index, version)| self.version_of(id, index + 1, version)).collect();
        self.page("versions", versions)
    }

    fn list(&self) -> Said {
        let filter = match terms(self.asking.param("filter")) {
            Ok(terms) => terms,
            Err(said) => return said,
        };
        let here = self.state.secrets.iter().filter(|(place, secret)| {
            place.project == self.project
                && place.location == self.location
                && filter.iter().all(|term| term.fits(&place.id, secret))
        });
        let secrets = here.map(|(place, secret)| self.described(&place.id, secret)).collect();
        self.page("secrets", secrets)
    }

    /// One page, and the token of the next; a token is good for the filter that it was given for.
    fn page(&self, member: &str, all: Vec<Value>) -> Said {
        let (filter, size) = (self.asking.param("filter"), self.asking.param("pageSize"));
        let size = size.parse::<usize>().ok().filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE);
        let start = match self.asking.param("pageToken") {
            "" => 0,
            token => {
                let text = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let start = text.and_then(|text| {
                    let (start, of) = text.split_once(' ')?;
                    (of == filter).then(|| start.parse::<usize>().ok())?
                });
                let Some(start) = start else { return invalid("page token") };
                start
            }
        };
        let total = all.len();
        let page: Vec<_> = all.into_iter().skip(start).take(size).collect();
        let mut text = json!({});
        if start + page.len() < total {
            text["nextPageToken"] = STANDARD.encode(format!("{} {filter}", start + page.len())).into();
        }
        if !page.is_empty() {
            text[member] = page.into();
        }
        if filter.is_empty() {
            text["totalSize"] = total.into();
        }
        Said::Json(text)
    }
}

/// One term of a filter.
enum Term {
    Label(String, String),
    Name(String),
    State(String),
}

impl Term {
    fn fits(&self, id: &str, secret: &Secret) -> bool {
        match self {
            Self::Label(key, value) => secret.labels.get(key) == Some(value),
            Self::Name(part) => id.to_lowercase().contains(&part.to_lowercase()),
            Self::State(_) => false,
        }
    }
}

/// The terms of a filter, which must all fit; `AND` may stand between them.
fn terms(filter: &str) -> Result<Vec<Term>, Said> {
    filter
        .split_whitespace()
        .filter(|word| *word != "AND")
        .map(|word| term(word).ok_or_else(|| invalid("filter")))
        .collect()
}

fn term(word: &str) -> Option<Term> {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if let Some(rest) = word.strip_prefix("labels.") {
        let (key, value) = rest.split_once('=').filter(|(key, value)| plain(key) && plain(value))?;
        return Some(Term::Label(key.to_owned(), value.to_owned()));
    }
    let (field, value) = word.split_once(':').filter(|(_, value)| plain(value))?;
    match field {
        "name" => Some(Term::Name(value.to_owned())),
        "state" => Some(Term::State(value.to_owned())),
        _ => None,
    }
}

fn invalid(what: &str) -> Said {
    Said::Error(400, "INVALID_ARGUMENT", format!("The {what} is invalid."))
}

/// By a table, unlike the operator's.
fn crc32c(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256_u32)
        .map(|index| (0..8).fold(index, |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 }))
        .collect();
    let step = |sum: u32, byte: &u8| {
        let index = (sum ^ u32::from(*byte)) & 0xff;
        (sum >> 8) ^ table.get(index as usize).copied().unwrap_or_default()
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_filter_is_understood_whole_or_not_at_all() {
        assert!(terms("labels.team=a AND name:db labels.env=prod").is_ok_and(|terms| terms.len() == 3));
        for strange in ["labels.a", "name:", "nonsense", "labels.a=b OR labels.c=d", "size:3"] {
            assert!(terms(strange).is_err(), "{strange}");
        }
    }
}
