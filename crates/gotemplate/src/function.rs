//! Functions that templates can call, and the table that holds them.

use crate::error::FuncError;
use crate::limits::{BYTES_OF_A_STEP, Meter};
use crate::object::Signature;
use crate::types::Type;
use crate::{List, Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a function is called with besides its arguments: the budget, and Go's printing.
pub struct Call<'a> {
    meter: &'a Meter<'a>,
}

impl<'a> Call<'a> {
    /// A call outside of a template, for tests of functions.
    pub fn new(meter: &'a Meter<'a>) -> Self {
        Self { meter }
    }

    /// The budget, from which a function takes what it is about to use.
    pub fn meter(&self) -> &Meter<'a> {
        self.meter
    }

    /// A `string` of `bytes`, which are taken from the budget.
    pub fn text(&self, bytes: impl AsRef<[u8]>) -> Result<Value, FuncError> {
        self.meter.allocate(bytes.as_ref().len())?;
        Ok(Value::str(bytes))
    }

    /// An `[]interface {}`, which is taken from the budget.
    pub fn list(&self, items: Vec<Value>) -> Result<Value, FuncError> {
        self.meter.allocate(items.len().saturating_mul(size_of::<Value>()))?;
        Ok(Value::List(List::any(items)))
    }

    /// An empty `map[string]interface {}`.
    pub fn map(&self) -> Map {
        Map::new(&Type::Any)
    }

    /// As [`Map::insert`], with what it takes from the budget. Functions of a template use this one.
    pub fn insert(&self, map: &Map, key: impl AsRef<[u8]>, value: Value) -> Result<(), FuncError> {
        let node = if map.is_empty() { ENTRIES * size_of::<Value>() } else { 2 * size_of::<Value>() };
        self.meter.allocate(key.as_ref().len().saturating_add(node))?;
        self.meter.step(key.as_ref().len() / BYTES_OF_A_STEP)?;
        map.insert_within(key, value, &mut || self.meter.step(1))
    }

    /// Go's `fmt.Sprint`.
    pub fn sprint(&self, values: &[Value]) -> Result<Vec<u8>, FuncError> {
        Ok(crate::fmt::sprint(values, self.meter)?)
    }

    /// Go's `fmt.Sprintln`.
    pub fn sprintln(&self, values: &[Value]) -> Result<Vec<u8>, FuncError> {
        Ok(crate::fmt::sprintln(values, self.meter)?)
    }

    /// Go's `fmt.Sprintf`.
    pub fn sprintf(&self, format: &[u8], values: &[Value]) -> Result<Vec<u8>, FuncError> {
        Ok(crate::fmt::sprintf(format, values, self.meter)?)
    }

    /// Calls a function value, such as an argument.
    pub fn call(&mut self, function: &Function, arguments: &[Value]) -> Result<Value, FuncError> {
        (function.0.run)(self, arguments)
    }
}

/// What the first entry of a map makes room for, keys included.
const ENTRIES: usize = 16;

type Run = dyn Fn(&mut Call<'_>, &[Value]) -> Result<Value, FuncError> + Send + Sync;

struct Definition {
    signature: Signature,
    type_name: &'static str,
    run: Box<Run>,
}

/// A function that a template can call. Before it is called its arguments are checked against its parameters as Go does,
/// so that it may rely on their number and types; those of `Any` and `Reflect` can be anything.
#[derive(Clone)]
pub struct Function(Arc<Definition>);

impl Function {
    /// A function of exactly these parameters.
    pub fn new(
        parameters: &'static [Type],
        run: impl Fn(&mut Call<'_>, &[Value]) -> Result<Value, FuncError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Signature { parameters, variadic: false }, run)
    }

    /// A function whose last parameter may stand any number of times, also none.
    pub fn variadic(
        parameters: &'static [Type],
        run: impl Fn(&mut Call<'_>, &[Value]) -> Result<Value, FuncError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Signature { parameters, variadic: true }, run)
    }

    fn of(
        signature: Signature,
        run: impl Fn(&mut Call<'_>, &[Value]) -> Result<Value, FuncError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Definition { signature, type_name: "func()", run: Box::new(run) }))
    }

    /// The same with the Go type that error messages and `%T` show, such as `func(string) int`. Without this it is
    /// `func()`.
    ///
    /// ```
    /// use keyferry_gotemplate::{Function, Type, Value};
    /// let length = Function::new(&[Type::STRINGS], |_, arguments| match arguments {
    ///     [Value::List(list)] => Ok(Value::int(list.len() as i64)),
    ///     _ => Err("not a list".into()),
    /// });
    /// assert_eq!(length.named("func([]string) int").type_name(), "func([]string) int");
    /// ```
    #[must_use]
    pub fn named(self, type_name: &'static str) -> Self {
        let inner = self.clone();
        let run = move |call: &mut Call<'_>, arguments: &[Value]| (inner.0.run)(call, arguments);
        Self(Arc::new(Definition { signature: self.0.signature, type_name, run: Box::new(run) }))
    }

    /// Its Go type.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name
    }

    /// Its parameters.
    pub fn signature(&self) -> Signature {
        self.0.signature
    }
}

/// The functions of a template, beside Go's own, which are always there unless one of these has the name. A clone is
/// cheap.
#[derive(Clone, Default)]
pub struct Functions(Arc<BTreeMap<String, Function>>);

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Functions({})", self.0.len())
    }
}

impl Functions {
    /// No functions but Go's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, or replaces the one that had the name.
    ///
    /// ```
    /// use keyferry_gotemplate::{Function, Functions, Template, Type, Value};
    /// let functions = Functions::new().with(
    ///     "repeat",
    ///     Function::new(&[Type::INT, Type::String], |call, arguments| {
    ///         let [Value::Int(count, _), Value::Str(text)] = arguments else { return Err("unreachable".into()) };
    ///         let count = usize::try_from(*count).map_err(|_| "negative count")?;
    ///         call.meter().allocate(text.len().saturating_mul(count))?;
    ///         Ok(Value::str(text.repeat(count)))
    ///     }),
    /// );
    /// let template = Template::parse("t", r#"{{ "ab" | repeat 3 }}"#, &functions).unwrap();
    /// assert_eq!(template.render(&Value::Nil).unwrap(), b"ababab");
    /// let bomb = Template::parse("t", r#"{{ "ab" | repeat 10000000000 }}"#, &functions).unwrap();
    /// let error = bomb.render(&Value::Nil).unwrap_err();
    /// assert_eq!(error.cause(), "over budget: more than 16777216 bytes of intermediate results");
    /// ```
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, function: Function) -> Self {
        Arc::make_mut(&mut self.0).insert(name.into(), function);
        self
    }

    /// The function of a name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<N: Into<String>> Extend<(N, Function)> for Functions {
    fn extend<I: IntoIterator<Item = (N, Function)>>(&mut self, functions: I) {
        Arc::make_mut(&mut self.0).extend(functions.into_iter().map(|(name, function)| (name.into(), function)));
    }
}

impl<N: Into<String>> FromIterator<(N, Function)> for Functions {
    fn from_iter<I: IntoIterator<Item = (N, Function)>>(functions: I) -> Self {
        let mut table = Self::new();
        table.extend(functions);
        table
    }
}
