//! Creates many ExternalSecrets as fast as the API server takes them.

use std::sync::Arc;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use http::{Request, header};
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::fixtures::API_VERSION;
use crate::raw::collection;

/// How many creations are under way at once, which is also the operator's default for passes.
pub(super) const ABREAST: usize = 16;

/// An ExternalSecret that the API server has taken.
#[derive(Clone, Debug)]
pub(super) struct Created {
    pub(super) namespace: Arc<str>,
    pub(super) name: String,
    pub(super) uid: String,
}

/// An ExternalSecret to create.
pub(super) struct Planned {
    pub(super) namespace: Arc<str>,
    pub(super) manifest: Value,
}

/// Creates all, and calls `done` for each as soon as it is there.
pub(super) async fn create_all(
    client: &Client,
    planned: impl IntoIterator<Item = Planned>,
    done: impl AsyncFn(Created) -> Result<()>,
) -> Result<()> {
    let creations = planned.into_iter().map(|planned| create(client.clone(), planned));
    let mut created = std::pin::pin!(stream::iter(creations).buffer_unordered(ABREAST));
    while let Some(created) = created.try_next().await? {
        done(created).await?;
    }
    Ok(())
}

async fn create(client: Client, planned: Planned) -> Result<Created> {
    #[derive(Deserialize)]
    struct Answer {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
        uid: String,
    }
    let Planned { namespace, manifest } = planned;
    let request = Request::post(collection(API_VERSION, &namespace, "externalsecrets"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(serde_json::to_vec(&manifest)?)?;
    let answer: Answer = client.request(request).await.context("create an ExternalSecret")?;
    Ok(Created { namespace, name: answer.metadata.name, uid: answer.metadata.uid })
}
