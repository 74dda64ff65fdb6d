//! Sends events; one that cannot be sent costs nobody anything.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::error::Error;
use crate::plan::summary;

/// The source of every event, as ESO's are found by it.
const SOURCE: &str = "external-secrets";

/// Sends events about our kinds.
#[derive(Clone)]
pub struct Events {
    client: Client,
    reporter: Reporter,
}

impl Events {
    /// Reports as `instance`, the pod's name.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        Self { client, reporter: Reporter { controller: SOURCE.to_owned(), instance } }
    }

    /// Sends one event about `subject`.
    ///
    /// Each is an object of its own: a recorder that lives on counts a new event of the same reason as the old one
    /// repeated, whatever it says.
    pub async fn send(&self, subject: &ObjectReference, event: &summary::Event) -> Result<(), Error> {
        let event = Event {
            type_: if event.warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.to_owned(),
            note: Some(event.note.clone()),
            action: "Sync".to_owned(),
            secondary: None,
        };
        let recorder = Recorder::new(self.client.clone(), self.reporter.clone());
        let sent = recorder.publish(&event, subject).await;
        sent.map_err(|error| Error::of("send an event", &error))
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}
