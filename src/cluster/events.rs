//! Sends events; one that cannot be sent costs nobody anything.

use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

use super::error::Error;
use crate::plan::summary;

/// The source of every event, as ESO's are found by it.
const SOURCE: &str = "external-secrets";

/// Sends events about our kinds.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// Reports as `instance`, the pod's name.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        Self { recorder: Recorder::new(client, Reporter { controller: SOURCE.to_owned(), instance }) }
    }

    /// Sends one event about `object`.
    pub async fn send<K>(&self, object: &K, event: &summary::Event) -> Result<(), Error>
    where
        K: Resource<DynamicType = ()>,
    {
        let event = Event {
            type_: if event.warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.to_owned(),
            note: Some(event.note.clone()),
            action: "Sync".to_owned(),
            secondary: None,
        };
        let sent = self.recorder.publish(&event, &object.object_ref(&())).await;
        sent.map_err(|error| Error::of("send an event", &error))
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}
