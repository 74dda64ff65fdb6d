//! Parts of an expression that are parsed, with what Go's limits ask of them.

use crate::class::Ranges;
use regex_syntax::hir::{Capture, Hir, Look, Repetition};

/// What a part is, as far as it decides how high a tree Go makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Literal { fold: bool, single: bool },
    Class,
    Concat,
    Alternate,
    Other,
}

#[derive(Debug)]
pub(crate) struct Node {
    hir: Hir,
    shape: Shape,
    /// Of Go's tree.
    height: usize,
    /// How often the most repeated part of it is repeated.
    repeats: u32,
}

impl Node {
    fn leaf(hir: Hir, shape: Shape) -> Self {
        Self { hir, shape, height: 1, repeats: 1 }
    }

    pub(crate) fn look(look: Look) -> Self {
        Self::leaf(Hir::look(look), Shape::Other)
    }

    pub(crate) fn literal(character: u32, fold: bool) -> Self {
        let one = Ranges::of(&[(character, character)]);
        let hir = if fold { one.folded().into_hir() } else { one.into_hir() };
        Self::leaf(hir, Shape::Literal { fold, single: true })
    }

    pub(crate) fn class(ranges: Ranges) -> Self {
        match ranges.single() {
            Some((character, fold)) => Self::literal(character, fold),
            None => Self::leaf(ranges.into_hir(), Shape::Class),
        }
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    pub(crate) fn repeats(&self) -> u32 {
        self.repeats
    }

    pub(crate) fn into_hir(self) -> Hir {
        self.hir
    }

    pub(crate) fn captured(self, index: u32) -> Self {
        let hir = Hir::capture(Capture { index, name: None, sub: Box::new(self.hir) });
        Self { hir, shape: Shape::Other, height: self.height + 1, repeats: self.repeats }
    }

    pub(crate) fn repeated(self, min: u32, max: Option<u32>, greedy: bool) -> Self {
        let repeats = match max.unwrap_or(min) {
            0 if max == Some(0) => 1,
            times => self.repeats.saturating_mul(times.max(1)),
        };
        let hir = Hir::repetition(Repetition { min, max, greedy, sub: Box::new(self.hir) });
        Self { hir, shape: Shape::Other, height: self.height + 1, repeats }
    }

    pub(crate) fn concat(nodes: Vec<Self>) -> Self {
        Self::joined(nodes, Shape::Concat, Hir::concat)
    }

    pub(crate) fn alternation(nodes: Vec<Self>) -> Self {
        Self::joined(nodes, Shape::Alternate, Hir::alternation)
    }

    fn joined(mut nodes: Vec<Self>, shape: Shape, join: fn(Vec<Hir>) -> Hir) -> Self {
        if nodes.len() == 1
            && let Some(only) = nodes.pop()
        {
            return only;
        }
        let merged = merged_shape(&nodes, shape);
        let below = nodes.iter().map(|node| node.height - usize::from(node.shape == shape)).max().unwrap_or(0);
        let height = if merged.is_some() { 1 } else { below + 1 };
        let repeats = nodes.iter().map(|node| node.repeats).max().unwrap_or(1);
        let hir = join(nodes.into_iter().map(|node| node.hir).collect());
        Self { hir, shape: merged.unwrap_or(shape), height, repeats }
    }
}

/// Literals in a row are one literal, single characters and classes one class.
fn merged_shape(nodes: &[Node], shape: Shape) -> Option<Shape> {
    let first = nodes.first()?.shape;
    match (shape, first) {
        (Shape::Concat, Shape::Literal { fold, .. }) => {
            let same = |node: &Node| matches!(node.shape, Shape::Literal { fold: other, .. } if other == fold);
            nodes.iter().all(same).then_some(Shape::Literal { fold, single: false })
        }
        (Shape::Alternate, _) => {
            let one = |node: &Node| matches!(node.shape, Shape::Class | Shape::Literal { single: true, .. });
            nodes.iter().all(one).then_some(Shape::Class)
        }
        _ => None,
    }
}
