//! The rules of saying what has changed, for the providers that can.

use std::time::Duration;

use super::{CANARY, Case, Fixture, Outcome, Verdict, content, declined, ensure, value};
use crate::provider::{Mark, RemoteKey};

/// How often a secret is asked for until it has a mark: where marks are times, one of this second says nothing yet.
const TRIES: u32 = 40;
/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Puts a provider through every rule of detecting.
pub(super) async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    vec![
        ("a mark stays while the value does", case(fixture, stays(fixture)).await),
        ("a mark changes with the value", case(fixture, changes(fixture)).await),
        ("what is not there, or no longer, has no mark", case(fixture, absent(fixture)).await),
        ("marks come in the order of the keys", case(fixture, order(fixture)).await),
        ("a key that cannot be has no mark and harms no other", case(fixture, strange(fixture)).await),
        ("the marks of more keys than a page has are all there", case(fixture, pages(fixture)).await),
        ("a mark shows no value", case(fixture, shows_nothing(fixture)).await),
    ]
}

async fn case(fixture: &dyn Fixture, rule: impl Future<Output = Result<(), String>>) -> Case {
    match fixture.provider().detects(&value("detect")) {
        None => declined("it cannot say what has changed"),
        Some(_) => rule.await.map(|()| Verdict::Holds),
    }
}

async fn stays(fixture: &dyn Fixture) -> Result<(), String> {
    fixture.put("detect-stays", content("detect-stays").expose()).await;
    let before = settled(fixture, "detect-stays").await?;
    fixture.put("detect-other", content("detect-other").expose()).await;
    let after = settled(fixture, "detect-stays").await?;
    ensure(before == after, || format!("{before:?}, then {after:?}"))
}

async fn changes(fixture: &dyn Fixture) -> Result<(), String> {
    let mut before = None;
    for round in 0..3 {
        fixture.put("detect-changes", content(&format!("round-{round}")).expose()).await;
        let at_once = marks(fixture, &[value("detect-changes")]).await?;
        ensure(at_once != [before.clone()] || before.is_none(), || format!("round {round}: still {before:?}"))?;
        let after = Some(settled(fixture, "detect-changes").await?);
        ensure(before != after, || format!("round {round}: {after:?} as before"))?;
        before = after;
    }
    Ok(())
}

async fn absent(fixture: &dyn Fixture) -> Result<(), String> {
    fixture.put("detect-deleted", content("detect-deleted").expose()).await;
    settled(fixture, "detect-deleted").await?;
    fixture.delete("detect-deleted").await;
    let marks = marks(fixture, &[value("detect-missing"), value("detect-deleted")]).await?;
    ensure(marks == [None, None], || format!("{marks:?}"))
}

async fn order(fixture: &dyn Fixture) -> Result<(), String> {
    let names = ["detect-order-a", "detect-order-b", "detect-order-c"];
    let mut each = Vec::new();
    for name in names {
        fixture.put(name, content(name).expose()).await;
        each.push(Some(settled(fixture, name).await?));
    }
    each.reverse();
    let [a, b, c] = names.map(value);
    let asked = [c.clone(), value("detect-order-none"), b, a, c];
    let mut wanted = each.clone();
    wanted.insert(1, None);
    wanted.extend(each.into_iter().take(1));
    let marks = marks(fixture, &asked).await?;
    ensure(marks == wanted, || format!("{marks:?} instead of {wanted:?}"))
}

async fn strange(fixture: &dyn Fixture) -> Result<(), String> {
    fixture.put("detect-strange", content("detect-strange").expose()).await;
    let mark = settled(fixture, "detect-strange").await?;
    let long = "a/long/name".repeat(400);
    let strange = ["", " ", "ключ/🔑", "../detect-strange", "detect-strange?", "\u{0}", long.as_str()].map(value);
    let provider = fixture.provider();
    let kind = provider.detects(&value("detect-strange"));
    let mut keys: Vec<_> = strange.into_iter().filter(|key| provider.detects(key) == kind).collect();
    let mut wanted = vec![None; keys.len()];
    keys.push(value("detect-strange"));
    wanted.push(Some(mark));
    let marks = marks(fixture, &keys).await?;
    ensure(marks == wanted, || format!("{marks:?}"))
}

async fn pages(fixture: &dyn Fixture) -> Result<(), String> {
    let names: Vec<_> = (0..60).map(|number| format!("detect-many-{number}")).collect();
    for name in &names {
        fixture.put(name, content(name).expose()).await;
    }
    let most = fixture.provider().detects(&value("detect-many-0")).unwrap_or(1).max(1);
    for names in names.chunks(most) {
        let keys: Vec<_> = names.iter().map(|name| value(name)).collect();
        let marks = all_settled(fixture, &keys).await?;
        ensure(marks.len() == keys.len(), || format!("{} marks of {} keys", marks.len(), keys.len()))?;
    }
    Ok(())
}

async fn shows_nothing(fixture: &dyn Fixture) -> Result<(), String> {
    fixture.put("detect-shown", content("detect-shown").expose()).await;
    let mark = settled(fixture, "detect-shown").await?;
    let shown = String::from_utf8_lossy(mark.as_bytes()).contains(CANARY);
    ensure(!shown && !format!("{mark:?}").contains(CANARY), || "it shows one".to_owned())
}

async fn marks(fixture: &dyn Fixture, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, String> {
    let marks = fixture.provider().marks(keys).await.map_err(|error| error.to_string())?;
    ensure(marks.len() == keys.len(), || format!("{} marks of {} keys", marks.len(), keys.len()))?;
    Ok(marks)
}

async fn settled(fixture: &dyn Fixture, name: &str) -> Result<Mark, String> {
    let marks = all_settled(fixture, &[value(name)]).await?;
    marks.into_iter().next().ok_or_else(|| format!("{name}: no mark"))
}

/// The marks of `keys`, once each has one.
async fn all_settled(fixture: &dyn Fixture, keys: &[RemoteKey]) -> Result<Vec<Mark>, String> {
    for _ in 0..TRIES {
        let marks: Option<Vec<_>> = marks(fixture, keys).await?.into_iter().collect();
        if let Some(marks) = marks {
            return Ok(marks);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(format!("{:?} and its like have no marks", keys.first().map(|key| &key.key)))
}
