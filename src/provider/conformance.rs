//! What every provider must do alike, as functions that any of them can be put through.
//!
//! A [`Fixture`] is the server side of one provider: the suite puts, rotates and deletes secrets there, and reads them
//! through the session as `poll` does. It needs no test framework, so that the end-to-end tests can run it on emulators.
//! Every value has a canary in it, and nothing that the suite or a provider says may show it.

mod find;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Kind, Part, Provider, RemoteKey, Validity};
use crate::sealed::Sealed;

pub use find::Searches;

/// The server side of a provider under test.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A session that sees what was put.
    fn provider(&self) -> Arc<dyn Provider>;

    /// Creates a secret or adds a version to it; answers what a reference's `version` must be to read exactly this
    /// value for ever, or nothing where the provider has no versions.
    async fn put(&self, key: &str, value: &[u8]) -> Option<String>;

    /// Takes a secret away so that it is not found.
    async fn delete(&self, key: &str);

    /// Whether values may be other than UTF-8.
    fn keeps_binary(&self) -> bool {
        true
    }

    /// In which ways the provider searches.
    fn searches(&self) -> Searches;

    /// The name under which the provider lists what was put under `key`, or, of a part of a key, how that begins.
    fn listed(&self, key: &str) -> String {
        key.to_owned()
    }

    /// Gives what was put under `key` tags or labels; asked only where [`Searches::tags`] is set.
    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>);

    /// Makes the second call of every search fail, or no longer; whether the fixture can do that.
    async fn fail_page(&self, _with: Option<Kind>) -> bool {
        false
    }
}

/// How it went with one rule; the words of a failure name keys and kinds and show no value.
pub type Outcome = (&'static str, Result<(), String>);

/// In every value that the suite puts.
const CANARY: &str = "canary-7f3a";

/// Puts a provider through every rule.
pub async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    let mut outcomes = reading(fixture).await;
    outcomes.extend(find::run(fixture).await);
    outcomes
}

async fn reading(fixture: &dyn Fixture) -> Vec<Outcome> {
    vec![
        ("the store validates", validates(fixture).await),
        ("a batch takes at least one key", batch_size(fixture)),
        ("an empty batch has an empty answer", empty_batch(fixture).await),
        ("answers come in the order of the keys", order(fixture).await),
        ("text comes back byte by byte", text_is_exact(fixture).await),
        ("binary comes back byte by byte", binary_is_exact(fixture).await),
        ("a missing secret is not found and fails alone", missing_fails_alone(fixture).await),
        ("a deleted secret is not found", deleted_is_not_found(fixture).await),
        ("the next read sees a rotated value", rotation_is_seen(fixture).await),
        ("45 keys are read in batches", many_keys(fixture).await),
        ("a key that is asked for twice is answered twice", duplicates(fixture).await),
        ("a version is the value that it was", versions(fixture).await),
        ("a key that cannot be harms no other", strange_keys(fixture).await),
        ("the session's debug output shows no value", debug_shows_nothing(fixture).await),
    ]
}

/// Runs the suite and panics with every rule that is broken.
#[cfg(test)]
pub(crate) async fn assert_all(fixture: &dyn Fixture) {
    let broken: Vec<_> = run(fixture).await.into_iter().filter(|(_, outcome)| outcome.is_err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

async fn validates(fixture: &dyn Fixture) -> Result<(), String> {
    match fixture.provider().validate().await {
        Ok(Validity::Valid) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn batch_size(fixture: &dyn Fixture) -> Result<(), String> {
    let size = fixture.provider().batch(&value("size")).size();
    ensure(size >= 1, || format!("it takes {size}"))
}

async fn empty_batch(fixture: &dyn Fixture) -> Result<(), String> {
    let answers = fixture.provider().read_many(&[]).await;
    ensure(answers.is_empty(), || format!("{} answers", answers.len()))
}

async fn order(fixture: &dyn Fixture) -> Result<(), String> {
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
    Ok(())
}

async fn text_is_exact(fixture: &dyn Fixture) -> Result<(), String> {
    let texts = [
        format!("  {CANARY} \n"),
        format!("{CANARY}\r\n\t\"quoted\" \\ / <&> \u{2028} "),
        format!("{{\"password\":\"{CANARY}\",\"é\":1e400}}"),
        format!("\u{feff}{CANARY} \u{1f511} ключ"),
    ];
    for (number, text) in texts.iter().enumerate() {
        put_and_read(fixture, &format!("text-{number}"), text.as_bytes()).await?;
    }
    Ok(())
}

async fn binary_is_exact(fixture: &dyn Fixture) -> Result<(), String> {
    if !fixture.keeps_binary() {
        return Ok(());
    }
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    put_and_read(fixture, "binary-every-byte", &every_byte).await?;
    put_and_read(fixture, "binary-nul", &[0xff, 0, 0xfe, 0]).await
}

async fn missing_fails_alone(fixture: &dyn Fixture) -> Result<(), String> {
    fixture.put("missing-no", content("missing-no").expose()).await;
    let keys = [value("missing-yes"), value("missing-no"), value("missing-as-well")];
    let answers = read(fixture, &keys).await?;
    let kinds: Vec<_> = answers.iter().map(kind).collect();
    ensure(kinds == [Some(Kind::NotFound), None, Some(Kind::NotFound)], || format!("{kinds:?}"))
}

async fn deleted_is_not_found(fixture: &dyn Fixture) -> Result<(), String> {
    put_and_read(fixture, "deleted", content("deleted").expose()).await?;
    fixture.delete("deleted").await;
    let answers = read(fixture, &[value("deleted")]).await?;
    let kinds: Vec<_> = answers.iter().map(kind).collect();
    ensure(kinds == [Some(Kind::NotFound)], || format!("{kinds:?}"))
}

async fn rotation_is_seen(fixture: &dyn Fixture) -> Result<(), String> {
    for round in 0..3 {
        put_and_read(fixture, "rotated", content(&format!("round-{round}")).expose()).await?;
    }
    Ok(())
}

async fn many_keys(fixture: &dyn Fixture) -> Result<(), String> {
    let names: Vec<_> = (0..45).map(|number| format!("many-{number}")).collect();
    for name in &names {
        fixture.put(name, content(name).expose()).await;
    }
    let keys: Vec<_> = names.iter().map(|name| value(name)).collect();
    for (name, answer) in names.iter().zip(read(fixture, &keys).await?) {
        expect(name, &answer, &content(name))?;
    }
    Ok(())
}

async fn duplicates(fixture: &dyn Fixture) -> Result<(), String> {
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
    Ok(())
}

async fn versions(fixture: &dyn Fixture) -> Result<(), String> {
    let Some(first) = fixture.put("versioned", content("first").expose()).await else { return Ok(()) };
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
    Ok(())
}

async fn strange_keys(fixture: &dyn Fixture) -> Result<(), String> {
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
    Ok(())
}

async fn debug_shows_nothing(fixture: &dyn Fixture) -> Result<(), String> {
    put_and_read(fixture, "shown", content("shown").expose()).await?;
    let provider = fixture.provider();
    ensure(!format!("{provider:?} {provider:#?}").contains(CANARY), || "it shows one".to_owned())
}

async fn put_and_read(fixture: &dyn Fixture, name: &str, bytes: &[u8]) -> Result<(), String> {
    fixture.put(name, bytes).await;
    let answers = read(fixture, &[value(name)]).await?;
    answers.iter().try_for_each(|answer| expect(name, answer, &Sealed::new(bytes.to_vec())))
}

/// Reads as `poll` does: keys of one batch together, at most its size of them in a call; answers are put back in order.
async fn read(fixture: &dyn Fixture, keys: &[RemoteKey]) -> Result<Vec<Result<Sealed, Error>>, String> {
    let provider = fixture.provider();
    let batches: BTreeSet<_> = keys.iter().map(|key| provider.batch(key)).collect();
    let mut answers = Vec::new();
    for batch in batches {
        let (places, keys): (Vec<_>, Vec<_>) =
            keys.iter().cloned().enumerate().filter(|(_, key)| provider.batch(key) == batch).unzip();
        for (places, keys) in places.chunks(batch.size()).zip(keys.chunks(batch.size())) {
            let chunk = provider.read_many(keys).await;
            ensure(chunk.len() == keys.len(), || format!("{} answers to {} keys", chunk.len(), keys.len()))?;
            answers.extend(places.iter().copied().zip(chunk));
        }
    }
    answers.sort_by_key(|(place, _)| *place);
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
    ensure(answers.len() == keys.len(), || "a key changed its batch while it was read".to_owned())?;
    answers.iter().try_for_each(|answer| keeps_quiet(provider.name(), answer))?;
    Ok(answers)
}

fn keeps_quiet(provider: &str, answer: &Result<Sealed, Error>) -> Result<(), String> {
    let Err(error) = answer else { return Ok(()) };
    ensure(!format!("{error} {error:?}").contains(CANARY), || "an error shows a value".to_owned())?;
    ensure(error.provider == provider, || format!("an error names {:?} as its provider", error.provider))?;
    ensure(!error.doing.is_empty() && !error.cause.is_empty(), || "an error says too little".to_owned())
}

fn expect(name: &str, answer: &Result<Sealed, Error>, wanted: &Sealed) -> Result<(), String> {
    match answer {
        Ok(value) if value == wanted => Ok(()),
        Ok(value) => Err(format!("{name}: {value:?} are not the {} bytes that were put", wanted.len())),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn kind(answer: &Result<Sealed, Error>) -> Option<Kind> {
    answer.as_ref().err().map(|error| error.kind)
}

fn content(name: &str) -> Sealed {
    format!("{CANARY} of {name}").into()
}

fn value(name: &str) -> RemoteKey {
    RemoteKey { key: name.to_owned(), version: None, part: Part::Value, property: None }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::provider::memory::{Memory, Shelf};
    use crate::provider::{Batch, Capabilities, Close, Detect, Find, Matches, Read, Search, Validate};

    /// A provider with one fault, to show that the suite finds it.
    #[derive(Debug)]
    struct Faulty {
        memory: Arc<Memory>,
        fault: Fault,
        before: Mutex<Vec<(RemoteKey, Sealed)>>,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fault {
        Reverses,
        Drops,
        SharesFailure,
        Remembers,
        Tells,
        IgnoresVersion,
    }

    #[async_trait]
    impl Read for Faulty {
        fn name(&self) -> &'static str {
            self.memory.name()
        }

        fn batch(&self, key: &RemoteKey) -> Batch {
            self.memory.batch(key)
        }

        fn is_immutable(&self, key: &RemoteKey) -> bool {
            self.memory.is_immutable(key)
        }

        async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
            let mut keys = keys.to_vec();
            if self.fault == Fault::IgnoresVersion {
                for key in &mut keys {
                    key.version = None;
                }
            }
            let mut answers = self.memory.read_many(&keys).await;
            match self.fault {
                Fault::Reverses => answers.reverse(),
                Fault::Drops => drop(answers.pop()),
                Fault::SharesFailure => {
                    if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()).cloned() {
                        answers.fill(Err(error));
                    }
                }
                Fault::Remembers => {
                    let mut before = self.before.lock().unwrap();
                    for (key, answer) in keys.iter().zip(&mut answers) {
                        if let Some((_, value)) = before.iter().find(|(other, _)| other == key) {
                            *answer = Ok(value.clone());
                        } else if let Ok(value) = answer {
                            before.push((key.clone(), value.clone()));
                        }
                    }
                }
                Fault::Tells => {
                    for error in answers.iter_mut().filter_map(|answer| answer.as_mut().err()) {
                        error.cause.push_str(CANARY);
                    }
                }
                Fault::IgnoresVersion => (),
            }
            answers
        }
    }

    #[async_trait]
    impl Find for Faulty {
        async fn find(&self, search: &Search) -> Result<Matches, Error> {
            self.memory.find(search).await
        }
    }

    impl Detect for Faulty {}

    #[async_trait]
    impl Close for Faulty {}

    #[async_trait]
    impl Validate for Faulty {
        async fn validate(&self) -> Result<Validity, Error> {
            self.memory.validate().await
        }

        fn capabilities(&self) -> Capabilities {
            self.memory.capabilities()
        }
    }

    #[tokio::test]
    async fn every_fault_breaks_the_rule_that_is_there_for_it() {
        for (fault, rule) in [
            (Fault::Reverses, "answers come in the order of the keys"),
            (Fault::Drops, "45 keys are read in batches"),
            (Fault::SharesFailure, "a missing secret is not found and fails alone"),
            (Fault::Remembers, "the next read sees a rotated value"),
            (Fault::Tells, "a deleted secret is not found"),
            (Fault::IgnoresVersion, "a version is the value that it was"),
        ] {
            let memory = Arc::new(Memory::default());
            let session = Arc::new(Faulty { memory: memory.clone(), fault, before: Mutex::default() });
            let outcomes = run(&Shelf::new(memory, session)).await;
            let broken: Vec<_> =
                outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(rule, _)| *rule).collect();
            assert!(broken.contains(&rule), "{fault:?} breaks {broken:?}");
            assert!(!format!("{outcomes:?}").contains(CANARY), "{fault:?}");
        }
    }
}
