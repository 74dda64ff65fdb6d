//! What a path is made of, once it is parsed.

/// An expression of gval's base language.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Constant(Constant),
    Negative(Box<Expression>),
    /// `==`, or where `equal` is false `!=`.
    Compare {
        sides: Box<(Expression, Expression)>,
        equal: bool,
    },
    /// Members of the document, by names.
    Variable(Vec<Expression>),
    /// A call: there are no functions, so it always fails.
    Call,
    Path(Box<Path>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    Number(f64),
    Text(String),
    Bool(bool),
}

/// A path from the document on.
#[derive(Debug, Clone)]
pub(crate) enum Path {
    /// Leads to one value or fails.
    Plain(Vec<Step>),
    /// Leads to any number of values, whatever the steps behind the fork fail at.
    Forked { before: Box<Path>, fork: Fork, behind: Vec<Step> },
}

/// Leads from one value to one.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// `@`.
    Current,
    /// `.name`, `[key]`.
    Select(Expression),
    /// `(expression)`.
    Script(Expression),
}

/// Leads from one value to several.
#[derive(Debug, Clone)]
pub(crate) enum Fork {
    /// `..`: the value itself and all below it.
    Depths,
    /// `*`.
    All,
    /// `[a,b]`.
    Several(Vec<Expression>),
    /// `[?condition]`.
    Filter(Expression),
    /// `[from:to:step]`.
    Range(Box<[Expression; 3]>),
}

impl Path {
    pub(crate) fn step(self, step: Step) -> Self {
        match self {
            Self::Plain(mut steps) => {
                steps.push(step);
                Self::Plain(steps)
            }
            Self::Forked { before, fork, mut behind } => {
                behind.push(step);
                Self::Forked { before, fork, behind }
            }
        }
    }

    pub(crate) fn fork(self, fork: Fork) -> Self {
        Self::Forked { before: Box::new(self), fork, behind: Vec::new() }
    }
}
