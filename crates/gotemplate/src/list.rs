//! Slices. They do not change; one that was cut from another still knows what lies beyond its end, as in Go.

use crate::Value;
use crate::types::Type;
use std::sync::Arc;

/// A slice of anything but bytes.
#[derive(Clone)]
pub struct List {
    element: &'static Type,
    backing: Option<Arc<Backing>>,
    window: Window,
}

/// Where a slice begins and ends in what it was cut from, and how far its capacity goes.
#[derive(Clone, Copy, Default)]
struct Window {
    start: usize,
    end: usize,
    limit: usize,
}

impl Window {
    fn whole(length: usize) -> Self {
        Self { start: 0, end: length, limit: length }
    }

    fn cut(self, start: usize, end: usize, limit: Option<usize>) -> Self {
        let place = |offset: usize| self.start.saturating_add(offset).min(self.limit);
        Self { start: place(start), end: place(end), limit: limit.map_or(self.limit, place) }
    }
}

/// The elements, and whether there is a container among them.
struct Backing {
    items: Vec<Value>,
    nested: bool,
}

impl Drop for Backing {
    fn drop(&mut self) {
        if self.nested {
            release(std::mem::take(&mut self.items));
        }
    }
}

/// Drops values without recursion, however deep they are nested.
pub(crate) fn release(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List { backing: Some(backing), .. }) if backing.nested => {
                if let Some(mut backing) = Arc::into_inner(backing) {
                    pending.append(&mut backing.items);
                }
            }
            Value::Map(map) => map.release(&mut pending),
            _ => {}
        }
    }
}

impl List {
    /// A slice of `element`s. The caller keeps the promise that `items` are of that type.
    pub fn new(element: &'static Type, items: Vec<Value>) -> Self {
        let nested = items.iter().any(is_container);
        let window = Window::whole(items.len());
        Self { element, backing: Some(Arc::new(Backing { items, nested })), window }
    }

    /// An `[]interface {}`.
    pub fn any(items: impl IntoIterator<Item = Value>) -> Self {
        Self::new(&Type::Any, items.into_iter().collect())
    }

    /// A `[]string`.
    pub fn strings<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::new(&Type::String, items.into_iter().map(Value::str).collect())
    }

    /// The `nil` slice of `element`s.
    pub fn nil(element: &'static Type) -> Self {
        Self { element, backing: None, window: Window::default() }
    }

    /// The type of its elements.
    pub fn element(&self) -> &'static Type {
        self.element
    }

    /// Its elements.
    pub fn items(&self) -> &[Value] {
        let items = self.backing.as_ref().map(|backing| backing.items.as_slice()).unwrap_or_default();
        items.get(self.window.start..self.window.end).unwrap_or_default()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.window.end - self.window.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is `nil`, which is not the same as empty to Go's `%#v` and `eq`.
    pub fn is_nil(&self) -> bool {
        self.backing.is_none()
    }

    /// How long it could be made again.
    pub fn capacity(&self) -> usize {
        self.window.limit - self.window.start
    }

    /// Go's `list[start:end:limit]`. Bounds beyond the capacity are cut to it; the caller checks `start <= end`.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize, limit: Option<usize>) -> Self {
        Self { window: self.window.cut(start, end, limit), ..self.clone() }
    }

    /// Whether there may be a list or map in it.
    pub(crate) fn is_nested(&self) -> bool {
        self.backing.as_ref().is_some_and(|backing| backing.nested)
    }

    /// What tells it from other lists.
    pub(crate) fn identity(&self) -> Option<usize> {
        self.backing.as_ref().map(|backing| Arc::as_ptr(backing).addr())
    }
}

pub(crate) fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

/// A `[]byte`.
#[derive(Clone)]
pub struct Bytes {
    backing: Option<Arc<[u8]>>,
    window: Window,
}

impl Bytes {
    /// A slice of these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let backing = bytes.into();
        Self { window: Window::whole(backing.len()), backing: Some(backing) }
    }

    /// The `nil` slice.
    pub fn nil() -> Self {
        Self { backing: None, window: Window::default() }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.backing.as_deref().unwrap_or_default().get(self.window.start..self.window.end).unwrap_or_default()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.window.end - self.window.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is `nil`.
    pub fn is_nil(&self) -> bool {
        self.backing.is_none()
    }

    /// How long it could be made again.
    pub fn capacity(&self) -> usize {
        self.window.limit - self.window.start
    }

    /// As [`List::slice`].
    #[must_use]
    pub fn slice(&self, start: usize, end: usize, limit: Option<usize>) -> Self {
        Self { window: self.window.cut(start, end, limit), ..self.clone() }
    }
}
