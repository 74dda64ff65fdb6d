//! Wakes on their way from the poller, the stores and the checks to the watch that serves the object's namespace.

use futures::Stream;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::mpsc;

use super::guarded::{Guarded, reference_of};
use crate::api::ExternalSecret;
use crate::cluster::reach::Scope;
use crate::poll::ObjectId;

/// How many wakes may wait for one watch; one that finds no place is found again, since the object stays dirty.
const CAPACITY: usize = 4096;

type Reference = ObjectRef<Guarded<ExternalSecret>>;

/// The receiving ends, in the order of [`Scope::watches`].
#[derive(Debug)]
pub(super) struct Routes {
    senders: Vec<(Option<String>, mpsc::Sender<Reference>)>,
}

/// One stream of wakes per watch, and where to put wakes in.
pub(super) fn routes(scope: &Scope) -> (Routes, Vec<impl Stream<Item = Reference> + Send + use<>>) {
    let (mut senders, mut streams) = (Vec::new(), Vec::new());
    for namespace in scope.watches() {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        senders.push((namespace, sender));
        streams.push(stream(receiver));
    }
    (Routes { senders }, streams)
}

fn stream(receiver: mpsc::Receiver<Reference>) -> impl Stream<Item = Reference> + Send + use<> {
    futures::stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|wake| (wake, receiver)))
}

impl Routes {
    /// Carries wakes until their senders are gone.
    pub(super) async fn carry(self, mut wakes: mpsc::Receiver<ObjectId>) {
        while let Some(id) = wakes.recv().await {
            let route = self.senders.iter().find(|(namespace, _)| serves(namespace.as_deref(), &id));
            if let Some((_, sender)) = route {
                // The watch is gone only when the process is about to be.
                let _ = sender.send(reference_of(&id)).await;
            }
        }
    }
}

fn serves(namespace: Option<&str>, id: &ObjectId) -> bool {
    namespace.is_none_or(|namespace| *namespace == *id.namespace)
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_wake_reaches_the_watch_of_its_namespace() {
        let (routes, mut streams) = routes(&Scope::Namespaces(vec!["a".into(), "b".into()]));
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(routes.carry(receiver));
        sender.send(ObjectId::new("b", "x", "u")).await.unwrap();
        sender.send(ObjectId::new("elsewhere", "y", "u")).await.unwrap();
        sender.send(ObjectId::new("a", "z", "u")).await.unwrap();
        let mut first = std::pin::pin!(streams.remove(0));
        assert_eq!(first.next().await.unwrap().name, "z");
        let mut second = std::pin::pin!(streams.remove(0));
        assert_eq!(second.next().await.unwrap().name, "x");
    }
}
