//! Maps from strings, which all that hold one share: what a function puts into it shows everywhere.

use crate::list::{is_container, release};
use crate::types::Type;
use crate::{FuncError, Stop, Value};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A map from strings, in the order of its keys.
#[derive(Clone)]
pub struct Map {
    element: &'static Type,
    shared: Option<Arc<Shared>>,
}

type Entries = BTreeMap<Arc<[u8]>, Value>;

#[derive(Default)]
struct Shared(Mutex<Entries>);

impl Drop for Shared {
    fn drop(&mut self) {
        let entries = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        if entries.values().any(is_container) {
            release(entries.into_values().collect());
        }
    }
}

impl Map {
    /// An empty map to `element`s.
    pub fn new(element: &'static Type) -> Self {
        Self { element, shared: Some(Arc::default()) }
    }

    /// A `map[string]interface {}`.
    pub fn any<K: AsRef<[u8]>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::of(&Type::Any, entries)
    }

    /// A `map[string]string`.
    pub fn strings<K: AsRef<[u8]>, V: AsRef<[u8]>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::of(&Type::String, entries.into_iter().map(|(key, value)| (key, Value::str(value))))
    }

    /// A map of `entries`, of which the last of a key counts. The caller keeps the promise that they are of the type.
    pub fn of<K: AsRef<[u8]>>(element: &'static Type, entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.as_ref().into(), value)).collect();
        Self { element, shared: Some(Arc::new(Shared(Mutex::new(entries)))) }
    }

    /// The `nil` map, which is empty and cannot be written to.
    pub fn nil(element: &'static Type) -> Self {
        Self { element, shared: None }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Entries>> {
        Some(self.shared.as_ref()?.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The type of its values.
    pub fn element(&self) -> &'static Type {
        self.element
    }

    /// The value of a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.lock()?.get(key.as_ref()).cloned()
    }

    /// Sets a key's value. An error if the map is `nil`, or would then hold itself: Go prints such a one until its stack
    /// is used up.
    pub fn insert(&self, key: impl AsRef<[u8]>, value: Value) -> Result<(), FuncError> {
        self.insert_within(key, value, &mut || Ok(()))
    }

    /// As [`Map::insert`]; `step` is told of each list and map that is looked at.
    pub(crate) fn insert_within(
        &self,
        key: impl AsRef<[u8]>,
        value: Value,
        step: &mut dyn FnMut() -> Result<(), Stop>,
    ) -> Result<(), FuncError> {
        if is_container(&value) && self.is_within(&value, step)? {
            return Err("a map cannot hold itself".into());
        }
        let mut entries = self.lock().ok_or("assignment to entry in nil map")?;
        let old = entries.insert(key.as_ref().into(), value);
        drop(entries);
        drop(old);
        Ok(())
    }

    /// Takes a key out.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.lock()?.remove(key.as_ref())
    }

    /// All keys and values, in order of the keys.
    pub fn entries(&self) -> Vec<(Arc<[u8]>, Value)> {
        let entries = self.lock();
        entries.iter().flat_map(|entries| entries.iter()).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// All keys, in order.
    pub fn keys(&self) -> Vec<Arc<[u8]>> {
        self.lock().map(|entries| entries.keys().cloned().collect()).unwrap_or_default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.lock().map_or(0, |entries| entries.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is `nil`.
    pub fn is_nil(&self) -> bool {
        self.shared.is_none()
    }

    /// Whether both are the same map, not two that are equal.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    fn identity(&self) -> Option<usize> {
        self.shared.as_ref().map(|shared| Arc::as_ptr(shared).addr())
    }

    /// Whether this map lies somewhere in `value`. Each list and map is looked at once.
    fn is_within(&self, value: &Value, step: &mut dyn FnMut() -> Result<(), Stop>) -> Result<bool, Stop> {
        let (mut pending, mut seen) = (vec![value.clone()], HashSet::new());
        while let Some(value) = pending.pop() {
            step()?;
            match value {
                Value::Map(map) if map.is_same(self) => return Ok(true),
                Value::Map(map) if seen.insert(map.identity()) => {
                    let entries = map.lock();
                    let values = entries.iter().flat_map(|entries| entries.values());
                    pending.extend(values.filter(|value| is_container(value)).cloned());
                }
                Value::List(list) if list.is_nested() && seen.insert(list.identity()) => {
                    pending.extend(list.items().iter().filter(|value| is_container(value)).cloned());
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Gives its values away if nobody else has the map, so that it can be dropped without recursion.
    pub(crate) fn release(self, pending: &mut Vec<Value>) {
        if let Some(mut shared) = self.shared.and_then(Arc::into_inner) {
            let entries = std::mem::take(shared.0.get_mut().unwrap_or_else(PoisonError::into_inner));
            pending.extend(entries.into_values().filter(is_container));
        }
    }
}
