//! The rules of reading.

use super::{
    CANARY, Case, Fixture, Outcome, Verdict, content, declined, ensure, expect, holds, kind, put_and_read, read, value,
};
use crate::provider::{Kind, RemoteKey, Validity};

/// The case of a batch in whose answer one item fails.
pub const ITEM: &str = "an item of a batch fails alone";

/// Puts a provider through every rule of reading.
pub(super) async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    vec![
        ("the store validates", validates(fixture).await),
        ("a batch takes at least one key", batch_size(fixture)),
        ("an empty batch has an empty answer", empty_batch(fixture).await),
        ("answers come in the order of the keys", order(fixture).await),
        ("a missing secret is not found and fails alone", missing_fails_alone(fixture).await),
        ("a deleted secret is not found", deleted_is_not_found(fixture).await),
        ("the next read sees a rotated value", rotation_is_seen(fixture).await),
        ("45 keys are read in batches", many_keys(fixture).await),
        ("a key that is asked for twice is answered twice", duplicates(fixture).await),
        (ITEM, item_fails_alone(fixture).await),
        ("a version is the value that it was", versions(fixture).await),
        ("a key that cannot be harms no other", strange_keys(fixture).await),
        ("the session's debug output shows no value", debug_shows_nothing(fixture).await),
    ]
}

async fn validates(fixture: &dyn Fixture) -> Case {
    match fixture.provider().validate().await {
        Ok(Validity::Valid) => Ok(Verdict::Holds),
        other => Err(format!("{other:?}")),
    }
}

fn batch_size(fixture: &dyn Fixture) -> Case {
    let size = fixture.provider().batch(&value("size")).size();
    holds(size >= 1, || format!("it takes {size}"))
}

async fn empty_batch(fixture: &dyn Fixture) -> Case {
    let answers = fixture.provider().read_many(&[]).await;
    holds(answers.is_empty(), || format!("{} answers", answers.len()))
}

async fn order(fixture: &dyn Fixture) -> Case {
    let names: Vec<_> = (0..5).map(|number| format!("order-{number}")).collect();
    for name in &names {
        fixture.put(name, content(name).expose()).await;
    }
    let asked: Vec<_> = [3, 0, 4, 1, 2].iter().filter_map(|&at| names.get(at)).collect();
    let keys: Vec<_> = asked.iter().map(|name| value(name)).collect();
    let answers = read(fixture, &keys).await?;
    for (name, answer) in asked.iter().zip(answers) {
        expect(name, &answer, &content(name))?;
    }
    Ok(Verdict::Holds)
}

async fn missing_fails_alone(fixture: &dyn Fixture) -> Case {
    fixture.put("missing-no", content("missing-no").expose()).await;
    let keys = [value("missing-yes"), value("missing-no"), value("missing-as-well")];
    let answers = read(fixture, &keys).await?;
    let kinds: Vec<_> = answers.iter().map(kind).collect();
    holds(kinds == [Some(Kind::NotFound), None, Some(Kind::NotFound)], || format!("{kinds:?}"))
}

async fn deleted_is_not_found(fixture: &dyn Fixture) -> Case {
    put_and_read(fixture, "deleted", content("deleted").expose()).await?;
    fixture.delete("deleted").await;
    let answers = read(fixture, &[value("deleted")]).await?;
    let kinds: Vec<_> = answers.iter().map(kind).collect();
    holds(kinds == [Some(Kind::NotFound)], || format!("{kinds:?}"))
}

async fn rotation_is_seen(fixture: &dyn Fixture) -> Case {
    for round in 0..3 {
        put_and_read(fixture, "rotated", content(&format!("round-{round}")).expose()).await?;
    }
    Ok(Verdict::Holds)
}

async fn many_keys(fixture: &dyn Fixture) -> Case {
    let names: Vec<_> = (0..45).map(|number| format!("many-{number}")).collect();
    for name in &names {
        fixture.put(name, content(name).expose()).await;
    }
    let keys: Vec<_> = names.iter().map(|name| value(name)).collect();
    for (name, answer) in names.iter().zip(read(fixture, &keys).await?) {
        expect(name, &answer, &content(name))?;
    }
    Ok(Verdict::Holds)
}

async fn duplicates(fixture: &dyn Fixture) -> Case {
    for name in ["twice-a", "twice-b"] {
        fixture.put(name, content(name).expose()).await;
    }
    let asked = ["twice-a", "twice-b", "twice-a", "twice-none", "twice-none"];
    let answers = read(fixture, &asked.map(value)).await?;
    for (name, answer) in asked.iter().zip(&answers) {
        match *name {
            "twice-none" => ensure(kind(answer) == Some(Kind::NotFound), || format!("{name}: {:?}", kind(answer)))?,
            name => expect(name, answer, &content(name))?,
        }
    }
    Ok(Verdict::Holds)
}

/// What one item's failure is must reach nobody else, and never be absence.
async fn item_fails_alone(fixture: &dyn Fixture) -> Case {
    let names = ["item-before", "item-failing", "item-after"];
    for name in names {
        fixture.put(name, content(name).expose()).await;
    }
    let keys = names.map(value);
    if fixture.provider().batch(&value("item-failing")).size() == 1 {
        return declined("keys are read one a call");
    }
    if let Some(reason) = fixture.declines(ITEM) {
        return declined(reason);
    }
    for with in [Kind::Denied, Kind::Unavailable] {
        let can = fixture.fail_item("item-failing", Some(with)).await;
        ensure(can, || "keys are read in batches, and Fixture::fail_item is not there".to_owned())?;
        let answers = read(fixture, &keys).await;
        fixture.fail_item("item-failing", None).await;
        let kinds: Vec<_> = answers?.iter().map(kind).collect();
        ensure(kinds == [None, Some(with), None], || format!("{with:?}: {kinds:?}"))?;
    }
    for (name, answer) in names.iter().zip(read(fixture, &keys).await?) {
        expect(name, &answer, &content(name))?;
    }
    Ok(Verdict::Holds)
}

async fn versions(fixture: &dyn Fixture) -> Case {
    let Some(first) = fixture.put("versioned", content("first").expose()).await else {
        return declined("it has no versions");
    };
    let second = fixture.put("versioned", content("second").expose()).await;
    let keys = [
        value("versioned"),
        RemoteKey { version: Some(first), ..value("versioned") },
        RemoteKey { version: second, ..value("versioned") },
    ];
    let answers = read(fixture, &keys).await?;
    for (wanted, answer) in ["second", "first", "second"].iter().zip(&answers) {
        expect(&format!("the {wanted} version"), answer, &content(wanted))?;
    }
    Ok(Verdict::Holds)
}

async fn strange_keys(fixture: &dyn Fixture) -> Case {
    fixture.put("strange-not", content("strange-not").expose()).await;
    let long = "a/long/name".repeat(400);
    let strange = ["", " ", "ключ/🔑", "../../etc/passwd", "a\r\nb: c", "%2e%2e%2f", "a?b#c", "\u{0}", long.as_str()];
    let mut keys = vec![value("strange-not")];
    keys.extend(strange.map(value));
    keys.push(value("strange-not"));
    let answers = read(fixture, &keys).await?;
    for (key, answer) in keys.iter().zip(&answers) {
        let name: String = key.key.chars().take(20).collect();
        match (key.key.as_str(), kind(answer)) {
            ("strange-not", _) => expect(&name, answer, &content("strange-not"))?,
            (_, Some(Kind::NotFound | Kind::Invalid)) => (),
            (_, other) => return Err(format!("{name:?}: {other:?}")),
        }
    }
    Ok(Verdict::Holds)
}

async fn debug_shows_nothing(fixture: &dyn Fixture) -> Case {
    put_and_read(fixture, "shown", content("shown").expose()).await?;
    let provider = fixture.provider();
    holds(!format!("{provider:?} {provider:#?}").contains(CANARY), || "it shows one".to_owned())
}
