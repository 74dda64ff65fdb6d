//! Key Vault: objects, versions and listings of twenty-five.

use serde_json::{Value, json};

use super::entra::holder;
use super::http::{Answered, Asking, Said};
use super::state::{RESOURCE, State, TENANT, Version};

/// The most that a page has, whatever is asked for.
const PAGE: usize = 25;

/// Answers what is asked of a vault.
pub(super) fn answer(state: &State, asking: &Asking, folder: &str, rest: &[&str]) -> Answered {
    let key = rest.first().map_or_else(|| folder.to_owned(), |name| format!("{folder}/{name}"));
    let operation = if rest.is_empty() { "list" } else { "get" };
    let Some(principal) = holder(state, asking) else {
        let challenge = format!("Bearer authorization=\"https://{}/{TENANT}\", resource=\"{RESOURCE}\"", asking.host());
        return Answered::of(operation, &key, Said::Challenge(challenge));
    };
    let rights = state.applications.get(&principal);
    let may = rights.is_some_and(|rights| if rest.is_empty() { rights.may_list } else { rights.may_get });
    let said = match rest {
        _ if asking.param("api-version").is_empty() => error(400, "BadParameter", ""),
        _ if !may => error(403, "Forbidden", "ForbiddenByRbac"),
        [] => list(state, asking, folder),
        [name] | [name, ""] => one(state, asking, folder, name, None),
        [name, version] => one(state, asking, folder, name, Some(version)),
        _ => error(404, "NotFound", ""),
    };
    Answered::of(operation, &key, said).to(principal)
}

fn one(state: &State, asking: &Asking, folder: &str, name: &str, version: Option<&str>) -> Said {
    let object = state.objects.iter().find(|((held, own), _)| held == folder && own.eq_ignore_ascii_case(name));
    let found = object.and_then(|((_, name), versions)| {
        let wanted = |one: &&Version| version.is_none_or(|version| one.id == version);
        versions.iter().rev().find(wanted).map(|version| (name, version))
    });
    match (found, folder) {
        (Some((_, version)), _) if !version.enabled => error(403, "Forbidden", disabled(folder)),
        (Some((name, version)), _) => Said::Json(200, bundle(asking, folder, name, version)),
        (None, "certificates") => error(404, "CertificateNotFound", ""),
        (None, "keys") => error(404, "KeyNotFound", ""),
        (None, _) => error(404, "SecretNotFound", ""),
    }
}

fn disabled(folder: &str) -> &'static str {
    match folder {
        "certificates" => "CertificateDisabled",
        "keys" => "KeyDisabled",
        _ => "SecretDisabled",
    }
}

fn bundle(asking: &Asking, folder: &str, name: &str, version: &Version) -> Value {
    let id = format!("https://{}/{folder}/{name}/{}", asking.host(), version.id);
    let mut bundle = version.body.clone();
    if folder == "keys" {
        bundle["key"]["kid"] = id.into();
    } else {
        bundle["id"] = id.into();
    }
    bundle["attributes"] = attributes(version);
    bundle["tags"] = json!(version.tags);
    bundle
}

fn attributes(version: &Version) -> Value {
    json!({
        "enabled": version.enabled,
        "created": version.created,
        "updated": version.updated,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": 90,
    })
}

fn list(state: &State, asking: &Asking, folder: &str) -> Said {
    let size = asking.param("maxresults").parse().unwrap_or(PAGE).clamp(1, PAGE);
    let after: usize = asking.param("$skiptoken").parse().unwrap_or_default();
    let all = state.objects.iter().filter(|((held, _), _)| held == folder);
    let page: Vec<_> =
        all.clone().skip(after).take(size).filter_map(|(key, versions)| Some((key, versions.last()?))).collect();
    let items: Vec<_> = page.iter().map(|((_, name), version)| item(asking, folder, name, version)).collect();
    let end = after + size;
    let next = (end < all.count()).then(|| {
        let host = asking.host();
        format!(
            "https://{host}/{folder}?api-version={}&$skiptoken={end}&maxresults={size}",
            asking.param("api-version")
        )
    });
    Said::Json(200, json!({"value": items, "nextLink": next}))
}

fn item(asking: &Asking, folder: &str, name: &str, version: &Version) -> Value {
    let id = format!("https://{}/{folder}/{name}", asking.host());
    let name = if folder == "keys" { "kid" } else { "id" };
    json!({name: id, "attributes": attributes(version), "tags": version.tags})
}

fn error(status: u16, code: &str, inner: &str) -> Said {
    let words = format!("As Key Vault says it. Request: {}", crate::scratch::suffix());
    let mut error = json!({"code": code, "message": words});
    if !inner.is_empty() {
        error["innererror"] = json!({"code": inner});
    }
    Said::Json(status, json!({"error": error}))
}
