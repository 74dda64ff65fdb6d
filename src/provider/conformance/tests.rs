//! Providers with one fault each: the suite finds it.

use std::sync::Mutex;

use super::*;
use crate::provider::memory::{Memory, Shelf};
use crate::provider::{Batch, Capabilities, Close, Detect, Find, Matches, Read, Search, Validate, Validity};

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
        let broken: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(rule, _)| *rule).collect();
        assert!(broken.contains(&rule), "{fault:?} breaks {broken:?}");
        assert!(!format!("{outcomes:?}").contains(CANARY), "{fault:?}");
    }
}
