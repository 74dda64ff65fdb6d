//! Starts the watches and the controllers on them, and runs until told to stop.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::controller::{Config, Controller};
use kube::runtime::reflector::{self, Lookup, ObjectRef, ReflectHandle, Store as Cache};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{Predicate, PredicateConfig, WatchStreamExt, predicates};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::context::{Context, Parts};
use super::guarded::{Guarded, id_of};
use super::memory::StoreId;
use super::store::Store;
use super::stores::Stores;
use super::{drift, external_secret, store, wake};
use crate::api::ExternalSecret;
use crate::api::external_secret::StoreKind;
use crate::api::secret_store::{ClusterSecretStore, SecretStore};
use crate::ops::shutdown::Stop;
use crate::plan::store::is_ready;
use crate::poll::ObjectId;
