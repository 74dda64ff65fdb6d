//! Changes of a tree. Each does nothing where it has been made before.

use super::{Kind, Node, Scalar};

impl Node {
    /// An empty map.
    pub(crate) fn map() -> Self {
        Self::new(Kind::Map(Vec::new()))
    }

    /// The map under `key`, made where there is none.
    pub(crate) fn map_at(&mut self, key: &str) -> &mut Node {
        self.made(key, Kind::Map(Vec::new()))
    }

    /// The list under `key`, made where there is none.
    pub(crate) fn list_at(&mut self, key: &str) -> &mut Node {
        self.made(key, Kind::List(Vec::new()))
    }

    /// The value at the end of `path`, to be changed.
    pub(crate) fn at_mut(&mut self, path: &[&str]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, key| {
            let Kind::Map(entries) = &mut node.kind else { return None };
            entries.iter_mut().find(|(name, _)| name.text == *key).map(|(_, value)| value)
        })
    }

    /// Sets `key` to `value`, in its old place where it has one.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Node>) {
        *self.made(key, Kind::Map(Vec::new())) = value.into();
    }

    /// Puts an item into a list: in place of the one that has the same `identity`, else at the end.
    pub(crate) fn put(&mut self, identity: &str, item: Node) {
        let Kind::List(items) = &mut self.kind else { return };
        let own = item.text_at(&[identity]).map(str::to_owned);
        match items.iter_mut().find(|other| other.text_at(&[identity]) == own.as_deref()) {
            Some(other) => *other = item,
            None => items.push(item),
        }
    }

    /// Whatever stands under `key`; `kind` where nothing does.
    fn made(&mut self, key: &str, kind: Kind) -> &mut Node {
        if !self.is_map() {
            self.kind = Kind::Map(Vec::new());
        }
        match self.kind {
            Kind::Map(ref mut entries) => made_in(entries, key, kind),
            _ => self,
        }
    }

    /// The items of a list, to be changed.
    pub(crate) fn items_mut(&mut self) -> &mut [Node] {
        match &mut self.kind {
            Kind::List(items) => items,
            _ => &mut [],
        }
    }
}

fn made_in<'a>(entries: &'a mut Vec<(Scalar, Node)>, key: &str, kind: Kind) -> &'a mut Node {
    let place = entries.iter().position(|(name, _)| name.text == key);
    let mut entry = place.map_or_else(|| (Scalar::string(key), Node::new(kind.clone())), |place| entries.remove(place));
    if entry.1.is_empty() {
        entry.1.kind = kind;
    }
    let place = place.unwrap_or(entries.len());
    &mut entries.insert_mut(place, entry).1
}
