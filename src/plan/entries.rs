//! What is selected of a Kubernetes Secret: its data as JSON, one of its values, or a part of one.
//!
//! The provider answers the data packed, name by name, since its values may be any bytes and JSON is text. The looks-up
//! are ESO's.

use std::collections::BTreeMap;

use crate::sealed::Sealed;

/// The data as a JSON object of texts; what is no UTF-8 becomes U+FFFD. None where `value` is no packed data.
pub(super) fn whole(value: &Sealed) -> Option<Sealed> {
    let entries = value.unpack()?;
    Some(Sealed::new(gjson::object_of_texts(entries.iter().map(|(name, value)| (name.as_bytes(), *value)))))
}

/// Every value by its name, whatever bytes it has.
pub(super) fn all(value: &Sealed) -> Option<BTreeMap<String, Sealed>> {
    let entries = value.unpack()?.into_iter();
    Some(entries.map(|(name, value)| (name.to_owned(), Sealed::new(value.to_vec()))).collect())
}

/// The value of the name `property`; else what is in the value of the name before its first dot at the path behind it.
///
/// # Errors
/// A path that is none.
pub(super) fn property(value: &Sealed, property: &str) -> Result<Option<Sealed>, gjson::Error> {
    let entries = value.unpack().unwrap_or_default();
    let of = |name: &str| entries.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    if let Some(value) = of(property) {
        return Ok(Some(Sealed::new(value.to_vec())));
    }
    let Some((name, path)) = property.split_once('.').filter(|(name, path)| !name.is_empty() && !path.is_empty())
    else {
        return Ok(None);
    };
    let Some(value) = of(name) else { return Ok(None) };
    Ok(gjson::get(value, path)?.map(|found| Sealed::new(found.as_bytes().into_owned())))
}

/// What of its labels and annotations `property` names: `labels` or `annotations` whole, or behind a dot one of them, or
/// behind another dot a path in it.
///
/// # Errors
/// A path that is none.
pub(super) fn metadata(about: &Sealed, property: &str) -> Result<Option<Sealed>, gjson::Error> {
    let text = |found: gjson::Value<'_>| Sealed::new(found.as_bytes().into_owned());
    let (part, rest) = property.split_once('.').map_or((property, None), |(part, rest)| (part, Some(rest)));
    if !matches!(part, "labels" | "annotations") {
        return Ok(None);
    }
    let Some(rest) = rest else {
        return Ok(gjson::get(about.expose(), part)?.map(|found| Sealed::new(found.raw().to_vec())));
    };
    // Most names of labels have dots in them.
    if let Some(found) = member(about, part, rest)? {
        return Ok(Some(found));
    }
    let Some((name, path)) = rest.split_once('.') else { return Ok(None) };
    let Some(value) = member(about, part, name)? else { return Ok(None) };
    Ok(gjson::get(value.expose(), path)?.map(text))
}

/// The label or annotation of exactly this name.
fn member(about: &Sealed, part: &str, name: &str) -> Result<Option<Sealed>, gjson::Error> {
    let Some(whole) = gjson::get(about.expose(), part)? else { return Ok(None) };
    if whole.raw().first() != Some(&b'{') {
        return Ok(None);
    }
    let found = gjson::members(whole.raw())?.find(|(found, _)| found == name);
    Ok(found.map(|(_, value)| Sealed::new(value.as_extracted().into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(entries: &[(&str, &[u8])]) -> Sealed {
        let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), Sealed::new(value.to_vec())));
        Sealed::pack(&entries.collect()).unwrap()
    }

    fn text(found: Result<Option<Sealed>, gjson::Error>) -> Option<String> {
        found.unwrap().map(|value| String::from_utf8(value.expose().to_vec()).unwrap())
    }

    #[test]
    fn the_whole_is_json_as_go_writes_it_without_care_for_html() {
        let value = packed(&[("b", b"<&>\n\"\xff\xfe"), ("a.json", br#"{"x":1}"#)]);
        let json = whole(&value).unwrap();
        assert_eq!(json, r#"{"a.json":"{\"x\":1}","b":"<&>\n\"\ufffd\ufffd"}"#.into());
        assert_eq!(whole(&packed(&[])), Some("{}".into()));
        assert_eq!(whole(&"no pack".into()), None);
    }

    #[test]
    fn a_property_is_a_name_first_and_then_a_path_behind_a_name() {
        let value =
            packed(&[("cfg", br#"{"a":{"b":"c","n":1.50},"l":[1,2]}"#), ("cfg.a", b"exact"), ("raw", &[0xff, 0])]);
        assert_eq!(property(&value, "raw").unwrap(), Some(Sealed::new(vec![0xff, 0])));
        for (path, found) in [
            ("cfg.a", Some("exact")),
            ("cfg.a.b", Some("c")),
            ("cfg.a.n", Some("1.5")),
            ("cfg.l.#", Some("2")),
            ("cfg.l", Some("[1,2]")),
            ("cfg.x", None),
            ("other.a", None),
            (".a", None),
            ("cfg.", None),
            ("other", None),
        ] {
            assert_eq!(text(property(&value, path)).as_deref(), found, "{path}");
        }
    }

    #[test]
    fn labels_and_annotations_are_found_by_their_names_with_dots() {
        let about =
            r#"{"annotations":{"a":"{\"x\":{\"y\":\"z\"}}"},"labels":{"app":"db","app.kubernetes.io/name":"n"}}"#;
        let about = about.into();
        for (path, found) in [
            ("labels", Some(r#"{"app":"db","app.kubernetes.io/name":"n"}"#)),
            ("labels.app", Some("db")),
            ("labels.app.kubernetes.io/name", Some("n")),
            ("annotations.a.x.y", Some("z")),
            ("annotations.a.q", None),
            ("labels.none", None),
            ("name", None),
            ("name.x", None),
        ] {
            assert_eq!(text(metadata(&about, path)).as_deref(), found, "{path}");
        }
        let none = r#"{"annotations":null,"labels":null}"#.into();
        assert_eq!(text(metadata(&none, "labels")).as_deref(), Some("null"));
        assert_eq!(text(metadata(&none, "labels.app")), None);
    }
}
