//! What a vault answers about one object, and what ESO makes of it, byte for byte.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gjson::Kind;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::object::Type;
use crate::sealed::Sealed;

/// Which of ESO's two clients a store is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The one of old: metadata has the object's times.
    Legacy,
    /// That of `useAzureSDK`.
    Sdk,
}

/// The members of a key that ESO knows, in the order of its client of old.
const MEMBERS: [&str; 16] =
    ["kid", "kty", "key_ops", "n", "e", "d", "dp", "dq", "qi", "p", "q", "k", "key_hsm", "crv", "x", "y"];
/// Those of them that its client of old leaves out where they are empty.
const OMITTED_EMPTY: [&str; 2] = ["kty", "crv"];
/// ESO's names for an object's times, and the vault's.
const TIMES: [(&str, &str); 4] = [
    ("attribute.expires", "exp"),
    ("attribute.created", "created"),
    ("attribute.updated", "updated"),
    ("attribute.notBefore", "nbf"),
];

/// A secret's text, a certificate's DER, a key as JSON; none where the answer is none of a vault's.
pub(super) fn value(of: Type, body: &Sealed, manner: Manner) -> Option<Sealed> {
    gjson::valid(body.expose()).ok()?;
    match of {
        Type::Secret => text(body.expose(), "value"),
        Type::Certificate => {
            let encoded = text(body.expose(), "cer")?;
            STANDARD.decode(encoded.expose()).ok().map(Sealed::new)
        }
        Type::Key => key(body, manner),
    }
}

fn text(body: &[u8], member: &str) -> Option<Sealed> {
    let found = gjson::get(body, member).ok()??;
    (found.kind() == Kind::String).then(|| Sealed::new(found.as_bytes().into_owned()))
}

/// A key as Go writes what it has read: no member that it does not know.
fn key(body: &Sealed, manner: Manner) -> Option<Sealed> {
    let key = gjson::get(body.expose(), "key").ok()??;
    Some(()).filter(|()| key.raw().first() == Some(&b'{'))?;
    let members: BTreeMap<_, _> = gjson::members(key.raw()).ok()?.take(MEMBERS.len() * 2).collect();
    let mut names = MEMBERS;
    if manner == Manner::Sdk {
        names.sort_unstable();
    }
    let mut out = Zeroizing::new(Vec::with_capacity(key.raw().len() * 2));
    for name in names {
        let Some(member) = members.get(name).filter(|member| member.kind() != Kind::Null) else { continue };
        if manner == Manner::Legacy && OMITTED_EMPTY.contains(&name) && member.as_bytes().is_empty() {
            continue;
        }
        let before = if out.is_empty() { b'{' } else { b',' };
        out.push(before);
        gjson::quote(&mut out, name.as_bytes());
        out.push(b':');
        out.extend_from_slice(&Zeroizing::new(gjson::marshal(member.raw(), gjson::Numbers::Kept).ok()?));
    }
    // Every key has an id, and this was none.
    Some(()).filter(|()| !out.is_empty())?;
    out.push(b'}');
    Some(Sealed::new(std::mem::take(&mut *out)))
}

/// An object's tags and, for the client of old, its times; JSON with sorted members.
pub(super) fn metadata(body: &Sealed, manner: Manner) -> Option<Sealed> {
    gjson::valid(body.expose()).ok()?;
    // An answer without them is none of a vault's.
    gjson::get(body.expose(), "attributes").ok()??;
    let mut tags = tags(body)?;
    if manner == Manner::Legacy {
        tags.extend(TIMES.iter().filter_map(|(name, member)| {
            let time = gjson::get(body.expose(), &format!("attributes.{member}")).ok()??;
            Some(((*name).to_owned(), time_of(&time.as_text())?))
        }));
    }
    let mut out = vec![b'{'];
    for (index, (name, value)) in tags.iter().enumerate() {
        let comma: &[u8] = if index > 0 { b"," } else { b"" };
        out.extend_from_slice(comma);
        gjson::quote(&mut out, name.as_bytes());
        out.push(b':');
        gjson::quote(&mut out, value.as_bytes());
    }
    out.push(b'}');
    Some(Sealed::new(out))
}

fn tags(body: &Sealed) -> Option<BTreeMap<String, String>> {
    let Some(tags) = gjson::get(body.expose(), "tags").ok()? else { return Some(BTreeMap::new()) };
    if tags.kind() == Kind::Null {
        return Some(BTreeMap::new());
    }
    let members = gjson::members(tags.raw()).ok()?.filter(|(_, value)| value.kind() != Kind::Null);
    Some(members.map(|(name, value)| (name, value.as_text().into_owned())).collect())
}

/// Seconds as a date of RFC 3339; parts of seconds do not count.
fn time_of(seconds: &str) -> Option<String> {
    let whole = seconds.split('.').next()?.parse().ok()?;
    Timestamp::from_second(whole).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sealed: Option<Sealed>) -> String {
        String::from_utf8(sealed.expect("it is one").expose().to_vec()).unwrap()
    }

    #[test]
    fn a_secret_is_its_value_and_a_certificate_its_der() {
        let secret: Sealed = r#"{"value":" a\r\n\"\u00e9\ud83d\udd11\u0000","id":"x"}"#.into();
        assert_eq!(shown(value(Type::Secret, &secret, Manner::Legacy)), " a\r\n\"é🔑\0");
        let certificate = value(Type::Certificate, &r#"{"cer":"MIIB/w=="}"#.into(), Manner::Sdk).unwrap();
        assert_eq!(certificate, Sealed::new(vec![0x30, 0x82, 0x01, 0xff]));
    }

    #[test]
    fn a_key_has_the_members_and_the_order_of_either_of_esos_clients() {
        let body: Sealed = r#"{"key":{"e":"AQAB","kid":"https://a/keys/b/1?<&>","kty":"RSA","n":"tw","key_ops":["sign",
            "verify"],"d":null,"other":1},"attributes":{}}"#
            .into();
        assert_eq!(
            shown(value(Type::Key, &body, Manner::Legacy)),
            r#"{"kid":"https://a/keys/b/1?\u003c\u0026\u003e","kty":"RSA","key_ops":["sign","verify"],"n":"tw","e":"AQAB"}"#
        );
        assert_eq!(
            shown(value(Type::Key, &body, Manner::Sdk)),
            r#"{"e":"AQAB","key_ops":["sign","verify"],"kid":"https://a/keys/b/1?\u003c\u0026\u003e","kty":"RSA","n":"tw"}"#
        );
        let elliptic: Sealed = r#"{"key":{"y":"2","x":"1","crv":"P-256","kty":"EC","kid":"k"}}"#.into();
        let wanted = r#"{"kid":"k","kty":"EC","crv":"P-256","x":"1","y":"2"}"#;
        assert_eq!(shown(value(Type::Key, &elliptic, Manner::Legacy)), wanted);
        let empty: Sealed = r#"{"key":{"crv":"","kty":"oct","kid":""}}"#.into();
        assert_eq!(shown(value(Type::Key, &empty, Manner::Legacy)), r#"{"kid":"","kty":"oct"}"#);
    }

    #[test]
    fn metadata_is_tags_and_for_the_client_of_old_times() {
        let body: Sealed = r#"{"value":"v","attributes":{"enabled":true,"created":1700000000,"updated":1700000001,
            "exp":1800000000},"tags":{"b":"<1>","a":"2","none":null}}"#
            .into();
        assert_eq!(
            shown(metadata(&body, Manner::Legacy)),
            r#"{"a":"2","attribute.created":"2023-11-14T22:13:20Z","attribute.expires":"2027-01-15T08:00:00Z","attribute.updated":"2023-11-14T22:13:21Z","b":"\u003c1\u003e"}"#
        );
        assert_eq!(shown(metadata(&body, Manner::Sdk)), r#"{"a":"2","b":"\u003c1\u003e"}"#);
        for bare in [r#"{"attributes":{}}"#, r#"{"attributes":{},"tags":null}"#, r#"{"attributes":{},"tags":{}}"#] {
            assert_eq!(shown(metadata(&bare.into(), Manner::Legacy)), "{}");
        }
    }

    #[test]
    fn what_is_no_answer_of_a_vaults_has_no_value() {
        for body in
            ["", "<html>", "{}", r#"{"value":1}"#, r#"{"value":null}"#, r#"{"value":"canary"#, r#"{"value":{}}"#]
        {
            assert_eq!(value(Type::Secret, &body.into(), Manner::Legacy), None, "{body}");
            assert_eq!(metadata(&body.into(), Manner::Legacy), None, "{body}");
        }
        for body in [r#"{"cer":"%"}"#, r#"{"cer":null}"#, "{}"] {
            assert_eq!(value(Type::Certificate, &body.into(), Manner::Legacy), None, "{body}");
        }
        assert_eq!(value(Type::Key, &r#"{"key":null}"#.into(), Manner::Legacy), None);
    }
}
