//! KMS Secrets Manager's operations, after `2016-01-20`.

use serde_json::{Value, json};

use super::request::Asking;
use super::vault::{Secret, Vault};
use super::{Key, Outcome};

const VERSION: &str = "2016-01-20";
/// KMS puts no more on a page.
const LARGEST_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 10;

pub(super) fn operate(vault: &mut Vault, key: &Key, asking: &Asking) -> Outcome {
    if asking.header("x-acs-version") != VERSION {
        return Err((400, "InvalidVersion"));
    }
    match asking.action() {
        "GetSecretValue" => {
            let (name, secret) = secret(vault, key, asking)?;
            if secret.planned {
                return Err((404, "Forbidden.ResourceNotFound"));
            }
            let (id, stage) = (asking.parameter("VersionId"), asking.parameter("VersionStage"));
            let value = secret.value(name, id, stage, is_true(asking, "FetchExtendedConfig"));
            value.ok_or((404, "Forbidden.ResourceNotFound"))
        }
        "DescribeSecret" => {
            let (name, secret) = secret(vault, key, asking)?;
            Ok(secret.description(name, is_true(asking, "FetchTags")))
        }
        "ListSecrets" => page(vault, asking),
        _ => Err((404, "InvalidAction.NotFound")),
    }
}

fn secret<'a>(vault: &'a Vault, key: &Key, asking: &Asking) -> Result<(&'a str, &'a Secret), (u16, &'static str)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_/+=.@-:".contains(&byte);
    let asked = asking.parameter("SecretName").unwrap_or_default();
    if asked.is_empty() {
        return Err((400, "MissingParameter"));
    }
    if asked.len() > 192 || !asked.bytes().all(plain) {
        return Err((400, "InvalidParameter"));
    }
    let name = asked.rsplit_once(":secret/").map_or(asked, |(_, name)| name);
    if !name.starts_with(&key.reads) {
        return Err((403, "Forbidden.NoPermission"));
    }
    vault.find(asked).ok_or((404, "Forbidden.ResourceNotFound"))
}

fn is_true(asking: &Asking, name: &str) -> bool {
    asking.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn page(vault: &Vault, asking: &Asking) -> Outcome {
    let number = |name: &str, default: usize| asking.parameter(name).map_or(Ok(default), str::parse);
    let invalid = |_| (400, "InvalidParameter");
    let page = number("PageNumber", 1).map_err(invalid)?;
    let size = number("PageSize", DEFAULT_PAGE).map_err(invalid)?;
    if page == 0 || !(1..=LARGEST_PAGE).contains(&size) {
        return Err((400, "InvalidParameter"));
    }
    let tags = is_true(asking, "FetchTags");
    let all = vault.all();
    let total = all.len();
    let entries: Vec<Value> =
        all.skip((page - 1) * size).take(size).map(|(name, secret)| secret.entry(name, tags)).collect();
    Ok(json!({
        "RequestId": "r", "PageNumber": page, "PageSize": size, "TotalCount": total,
        "SecretList": {"Secret": entries},
    }))
}
