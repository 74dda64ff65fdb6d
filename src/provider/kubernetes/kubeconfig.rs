//! A kubeconfig that somebody has put into a Secret: its current context, and of that only what stands in it.
//!
//! It is a tenant's text. What would have the operator run a program, read a file, act as somebody else or skip a check
//! is refused by name; nothing is read but data.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Budget, DuplicateKeyPolicy, MergeKeyPolicy, Options};

use crate::sealed::Sealed;

/// The longest kubeconfig that is read.
const LONGEST: usize = 256 * 1024;
const MOST_NODES: usize = 10_000;
const DEEPEST: usize = 32;

/// What a kubeconfig comes to.
#[derive(Debug)]
pub(super) struct Kubeconfig {
    pub(super) server: String,
    /// As PEM; without them the system's.
    pub(super) authorities: Option<Sealed>,
    pub(super) user: User,
}

/// Who comes.
#[derive(Debug)]
pub(super) enum User {
    /// The holder of a token.
    Token(Sealed),
    /// The holder of a certificate and its key, both as PEM.
    Certificate(Sealed, Sealed),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct File {
    current_context: String,
    contexts: Vec<NamedContext>,
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    #[serde(default)]
    context: Context,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    cluster: String,
    user: String,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
    #[serde(default)]
    cluster: Cluster,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Cluster {
    server: String,
    certificate_authority_data: Text,
    certificate_authority: Option<IgnoredAny>,
    insecure_skip_tls_verify: Option<bool>,
    tls_server_name: Option<IgnoredAny>,
    proxy_url: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    #[serde(default)]
    user: Holder,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Holder {
    token: Text,
    client_certificate_data: Text,
    client_key_data: Text,
    client_certificate: Option<IgnoredAny>,
    client_key: Option<IgnoredAny>,
    #[serde(rename = "tokenFile")]
    token_file: Option<IgnoredAny>,
    exec: Option<IgnoredAny>,
    auth_provider: Option<IgnoredAny>,
    username: Option<IgnoredAny>,
    password: Option<IgnoredAny>,
    r#as: Option<IgnoredAny>,
    as_uid: Option<IgnoredAny>,
    as_groups: Option<IgnoredAny>,
    as_user_extra: Option<IgnoredAny>,
}

/// Text that is a secret, or may be.
#[derive(Default)]
struct Text(Sealed);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taker;
        impl Visitor<'_> for Taker {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.into()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Text, E> {
                Ok(Text(text.into()))
            }
        }
        deserializer.deserialize_string(Taker)
    }
}

/// Reads the current context of a kubeconfig; why not, in words that quote nothing of it.
pub(super) fn read(text: &Sealed) -> Result<Kubeconfig, String> {
    if text.len() > LONGEST {
        return Err(format!("the kubeconfig is longer than {LONGEST} bytes"));
    }
    let file: File = serde_saphyr::from_slice_with_options(text.expose(), options())
        .map_err(|_| "it is no kubeconfig: YAML with clusters, users, contexts and current-context".to_owned())?;
    let lacks = |what: &str| format!("the kubeconfig has no {what}");
    let context = file.contexts.into_iter().find(|context| context.name == file.current_context);
    let Context { cluster, user } = context.ok_or_else(|| lacks("context that `current-context` names"))?.context;
    let cluster = file.clusters.into_iter().find(|named| named.name == cluster);
    let user = file.users.into_iter().find(|named| named.name == user);
    let (server, authorities) = of_cluster(cluster.ok_or_else(|| lacks("cluster of the current context"))?.cluster)?;
    let user = of_user(user.ok_or_else(|| lacks("user of the current context"))?.user)?;
    Ok(Kubeconfig { server, authorities, user })
}

fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_nodes = MOST_NODES;
    budget.max_depth = DEEPEST;
    budget.max_aliases = 0;
    budget.max_documents = 1;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    options.merge_keys = MergeKeyPolicy::Error;
    options
}

fn of_cluster(cluster: Cluster) -> Result<(String, Option<Sealed>), String> {
    let refused = [
        ("certificate-authority", cluster.certificate_authority.is_some(), "certificate-authority-data in its place"),
        ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify == Some(true), "certificate-authority-data"),
        ("tls-server-name", cluster.tls_server_name.is_some(), "the name that is in the certificate as server"),
        ("proxy-url", cluster.proxy_url.is_some(), "a server that is reached without, or the operator's own proxy"),
    ];
    refuse("cluster", &refused)?;
    if cluster.server.is_empty() {
        return Err("the kubeconfig's cluster has no `server`".to_owned());
    }
    let authorities = cluster.certificate_authority_data;
    let authorities = decoded("certificate-authority-data", &authorities)?;
    Ok((cluster.server, authorities))
}

fn of_user(user: Holder) -> Result<User, String> {
    let inline = "a token or client-certificate-data and client-key-data, which are kept in the file itself";
    let refused = [
        ("exec", user.exec.is_some(), inline),
        ("auth-provider", user.auth_provider.is_some(), inline),
        ("tokenFile", user.token_file.is_some(), inline),
        ("client-certificate", user.client_certificate.is_some(), inline),
        ("client-key", user.client_key.is_some(), inline),
        ("username", user.username.is_some() || user.password.is_some(), inline),
        (
            "as",
            user.r#as.is_some() || user.as_uid.is_some() || user.as_groups.is_some() || user.as_user_extra.is_some(),
            "the user itself",
        ),
    ];
    refuse("user", &refused)?;
    let certificate = decoded("client-certificate-data", &user.client_certificate_data)?;
    let key = decoded("client-key-data", &user.client_key_data)?;
    match (user.token.0, certificate, key) {
        (token, None, None) if !token.is_empty() => Ok(User::Token(token)),
        (token, Some(certificate), Some(key)) if token.is_empty() => Ok(User::Certificate(certificate, key)),
        _ => Err(format!("the kubeconfig's user must have one way to sign in: {inline}")),
    }
}

fn refuse(of: &str, refused: &[(&str, bool, &str)]) -> Result<(), String> {
    let found = refused.iter().find(|(_, is_set, _)| *is_set);
    found.map_or(Ok(()), |(field, _, cure)| {
        Err(format!("the kubeconfig's {of} has `{field}`, which a store may not use; give {cure}"))
    })
}

fn decoded(field: &str, text: &Text) -> Result<Option<Sealed>, String> {
    if text.0.is_empty() {
        return Ok(None);
    }
    let decoded = STANDARD.decode(text.0.expose().trim_ascii());
    decoded.map(|bytes| Some(Sealed::new(bytes))).map_err(|_| format!("the kubeconfig's `{field}` is no base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-2f6c";

    fn file(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: b\nclusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: \
             a\n  user: {{exec: {{command: sh}}}}\n- name: u\n  user: {user}\ncontexts:\n- name: a\n  context: {{cluster: x, \
             user: y}}\n- name: b\n  context: {{cluster: c, user: u, namespace: n}}\n"
        )
    }

    fn refusal(text: &str) -> String {
        let refusal = read(&text.into()).map(drop).unwrap_err();
        assert!(!refusal.contains(CANARY), "{refusal}");
        refusal
    }

    #[test]
    fn the_current_context_is_taken_and_no_other() {
        let read = read(&file("{server: 'https://a:6443', certificate-authority-data: UEVN}", "{token: t}").into());
        let Kubeconfig { server, authorities, user } = read.unwrap();
        assert_eq!((server.as_str(), authorities), ("https://a:6443", Some("PEM".into())));
        assert!(matches!(user, User::Token(token) if token == "t".into()));
    }

    #[test]
    fn a_certificate_comes_with_its_key() {
        let read = read(&file("{server: a}", "{client-certificate-data: QQ==, client-key-data: Qg==}").into()).unwrap();
        assert!(read.authorities.is_none());
        assert!(matches!(read.user, User::Certificate(c, k) if c == "A".into() && k == "B".into()));
    }

    #[test]
    fn a_json_file_is_one_too() {
        let text = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "e",
            "clusters": [{"name": "e", "cluster": {"server": "https://a", "insecure-skip-tls-verify": false}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "e", "context": {"cluster": "e", "user": "u"}}],
        });
        assert!(read(&text.to_string().into()).is_ok());
    }

    #[test]
    fn whatever_leads_out_of_the_file_is_refused_by_name() {
        for (user, field) in [
            ("{exec: {command: /bin/sh, args: [canary-2f6c]}}", "`exec`"),
            ("{auth-provider: {name: gcp}}", "`auth-provider`"),
            ("{tokenFile: /etc/canary-2f6c}", "`tokenFile`"),
            ("{token: t, tokenFile: /etc/x}", "`tokenFile`"),
            ("{client-certificate: /etc/x, client-key: /etc/y}", "`client-certificate`"),
            ("{client-key: /etc/y}", "`client-key`"),
            ("{username: a, password: canary-2f6c}", "`username`"),
            ("{token: t, as: root}", "`as`"),
            ("{token: t, as-groups: [x]}", "`as`"),
        ] {
            assert!(refusal(&file("{server: a}", user)).contains(field), "{user}");
        }
        for (cluster, field) in [
            ("{server: a, certificate-authority: /etc/x}", "`certificate-authority`"),
            ("{server: a, insecure-skip-tls-verify: true}", "`insecure-skip-tls-verify`"),
            ("{server: a, tls-server-name: x}", "`tls-server-name`"),
            ("{server: a, proxy-url: 'http://x'}", "`proxy-url`"),
            ("{}", "`server`"),
        ] {
            assert!(refusal(&file(cluster, "{token: t}")).contains(field), "{cluster}");
        }
    }

    #[test]
    fn a_user_has_one_way_to_sign_in() {
        for user in ["{}", "{token: ''}", "{client-key-data: Qg==}", "{token: t, client-key-data: Qg==}"] {
            assert!(refusal(&file("{server: a}", user)).contains("one way to sign in"), "{user}");
        }
        assert!(refusal(&file("{server: a}", "{client-key-data: '%canary-2f6c'}")).contains("no base64"));
    }

    #[test]
    fn what_is_no_kubeconfig_or_a_bomb_is_refused() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]\n";
        let deep = format!("users: {}{}", "[".repeat(10_000), "]".repeat(10_000));
        for text in ["", "canary-2f6c", "[", "current-context: x", bomb, &deep, "a: 1\n---\nb: 2\n"] {
            assert!(!refusal(text).is_empty(), "{}", &text[..text.len().min(20)]);
        }
        assert!(refusal(&" ".repeat(LONGEST + 1)).contains("longer"));
    }
}
