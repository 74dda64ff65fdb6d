//! From the text of a path to its parts, in the grammar of PaesslerAG/jsonpath within gval's base language.

use crate::Error;
use crate::scan::{Scanner, Token};
use crate::syntax::{Constant, Expression, Fork, Path, Step};
use crate::unquote::unquote;

/// The longest path, in bytes.
const LONGEST: usize = 4096;
/// The deepest nesting of expressions.
const DEPTH: usize = 50;
/// The end of a range that names none; Go's `math.MaxInt32`.
const FAR: f64 = 2_147_483_647.0;

/// What gval knows as operators, of which this language has only the first two.
const OPERATORS: [&str; 23] = [
    "==", "!=", "??", "||", "&&", ">", ">=", "<", "<=", "=~", "!~", "in", "^", "&", "|", "<<", ">>", "+", "-", "*",
    "/", "%", "**",
];

pub(crate) fn parse(text: &str) -> Result<Expression, Error> {
    if text.len() > LONGEST {
        return Err(Error::TooLong { limit: LONGEST });
    }
    let mut parser = Parser { scanner: Scanner::new(text), depth: 0 };
    let expression = parser.expression()?;
    match parser.scanner.next() {
        Token::End => Ok(expression),
        _ => Err(parser.expected("the end of the path")),
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    depth: usize,
}

/// What stands in brackets.
enum Bracket {
    Star,
    Filter(Expression),
    Range([Expression; 3]),
    Keys(Vec<Expression>),
}

impl Parser<'_> {
    fn expected(&self, expected: &'static str) -> Error {
        Error::Syntax { column: self.scanner.column(), expected }
    }

    fn expression(&mut self) -> Result<Expression, Error> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Error::TooDeep { limit: DEPTH });
        }
        let mut left = self.operand()?;
        while let Some(equal) = self.operator()? {
            left = Expression::Compare { sides: Box::new((left, self.operand()?)), equal };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Whether `==` (true) or `!=` follows, or neither.
    fn operator(&mut self) -> Result<Option<bool>, Error> {
        let token = self.scanner.next();
        let is_symbol = |character: char| OPERATORS.iter().any(|operator| operator.contains(character));
        let Token::Sign(sign) = token else {
            self.scanner.back();
            return Ok(None);
        };
        let mut operator = String::from(sign);
        while let Some(next) = self.scanner.peek().filter(|next| is_symbol(sign) && is_symbol(*next)) {
            let longer = format!("{operator}{next}");
            if !OPERATORS.iter().any(|known| known.starts_with(&longer)) {
                break;
            }
            self.scanner.extend();
            operator = longer;
        }
        match operator.as_str() {
            "==" => Ok(Some(true)),
            "!=" => Ok(Some(false)),
            _ if operator.chars().count() > 1 => Err(self.expected("== or !=")),
            _ => {
                self.scanner.back();
                Ok(None)
            }
        }
    }

    fn operand(&mut self) -> Result<Expression, Error> {
        match self.scanner.next() {
            Token::Number => self.number().map(|number| Expression::Constant(Constant::Number(number))),
            Token::Text => match unquote(self.scanner.text()) {
                Some(text) => Ok(Expression::Constant(Constant::Text(text))),
                None => Err(self.expected("a text in double quotes")),
            },
            Token::Sign('-') => self.negative(),
            Token::Sign('(') => {
                let inner = self.expression()?;
                self.sign(')', "`)`").map(|()| inner)
            }
            Token::Sign('$') => self.path(Path::Plain(Vec::new())),
            Token::Sign('@') => self.path(Path::Plain(vec![Step::Current])),
            Token::Name => self.named(),
            _ => Err(self.expected("`$`, `@`, a text, a number or a name")),
        }
    }

    fn number(&self) -> Result<f64, Error> {
        decimal(self.scanner.text()).ok_or_else(|| self.expected("a decimal number"))
    }

    /// A constant is made negative here, so that one that cannot be is no path.
    fn negative(&mut self) -> Result<Expression, Error> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Error::TooDeep { limit: DEPTH });
        }
        let operand = self.operand()?;
        self.depth -= 1;
        let number = match &operand {
            Expression::Constant(Constant::Number(number)) => Some(*number),
            Expression::Constant(Constant::Text(text)) => decimal(text),
            Expression::Constant(Constant::Bool(_)) => None,
            _ => return Ok(Expression::Negative(Box::new(operand))),
        };
        let number = number.ok_or_else(|| self.expected("a number behind `-`"))?;
        Ok(Expression::Constant(Constant::Number(-number)))
    }

    fn sign(&mut self, sign: char, expected: &'static str) -> Result<(), Error> {
        if self.scanner.next() == Token::Sign(sign) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// A constant, or members of the document.
    fn named(&mut self) -> Result<Expression, Error> {
        let text = |text: &str| Expression::Constant(Constant::Text(text.to_owned()));
        match self.scanner.text() {
            "true" => return Ok(Expression::Constant(Constant::Bool(true))),
            "false" => return Ok(Expression::Constant(Constant::Bool(false))),
            _ => {}
        }
        let mut keys = vec![text(self.scanner.text())];
        loop {
            match self.scanner.next() {
                Token::Sign('.') => match self.scanner.next() {
                    Token::Name => keys.push(text(self.scanner.text())),
                    _ => return Err(self.expected("a name")),
                },
                Token::Sign('[') => {
                    keys.push(self.expression()?);
                    self.sign(']', "`]`")?;
                }
                Token::Sign('(') => return self.arguments().map(|()| Expression::Call),
                _ => {
                    self.scanner.back();
                    return Ok(Expression::Variable(keys));
                }
            }
        }
    }

    fn arguments(&mut self) -> Result<(), Error> {
        if self.scanner.next() == Token::Sign(')') {
            return Ok(());
        }
        self.scanner.back();
        loop {
            self.expression()?;
            match self.scanner.next() {
                Token::Sign(')') => return Ok(()),
                Token::Sign(',') => {}
                _ => return Err(self.expected("`)` or `,`")),
            }
        }
    }

    fn path(&mut self, mut path: Path) -> Result<Expression, Error> {
        loop {
            path = match self.scanner.next() {
                Token::Sign('.') => self.dotted(path)?,
                Token::Sign('[') => match self.bracket()? {
                    Bracket::Star => path.fork(Fork::All),
                    Bracket::Filter(filter) => path.fork(Fork::Filter(filter)),
                    Bracket::Range(range) => path.fork(Fork::Range(Box::new(range))),
                    Bracket::Keys(keys) => one_or_several(path, keys),
                },
                Token::Sign('(') => self.script(path)?,
                _ => {
                    self.scanner.back();
                    return Ok(Expression::Path(Box::new(path)));
                }
            };
        }
    }

    fn script(&mut self, path: Path) -> Result<Path, Error> {
        let script = self.expression()?;
        self.sign(')', "`)`")?;
        Ok(path.step(Step::Script(script)))
    }

    fn dotted(&mut self, path: Path) -> Result<Path, Error> {
        match self.scanner.next() {
            Token::Name => Ok(path.step(self.name())),
            Token::Sign('*') => Ok(path.fork(Fork::All)),
            Token::Sign('.') => self.depths(path.fork(Fork::Depths)),
            _ => Err(self.expected("a name, `*` or `.`; put other names into brackets and double quotes")),
        }
    }

    /// What may follow `..`.
    fn depths(&mut self, path: Path) -> Result<Path, Error> {
        match self.scanner.next() {
            Token::Name => Ok(path.step(self.name())),
            Token::Sign('*') => Ok(path.fork(Fork::All)),
            Token::Sign('(') => self.script(path),
            Token::Sign('[') => match self.bracket()? {
                Bracket::Star => Ok(path.fork(Fork::All)),
                Bracket::Filter(filter) => Ok(path.fork(Fork::Filter(filter))),
                Bracket::Keys(keys) => Ok(path.fork(Fork::Several(keys))),
                Bracket::Range(_) => Err(self.expected("no range behind `..`")),
            },
            _ => Err(self.expected("a name, `*`, `[` or `(`")),
        }
    }

    fn name(&self) -> Step {
        Step::Select(Expression::Constant(Constant::Text(self.scanner.text().to_owned())))
    }

    /// As Go reads brackets, oddities included: a star ends them wherever it stands, and what is before it does not count.
    fn bracket(&mut self) -> Result<Bracket, Error> {
        let (mut keys, mut separator) = (Vec::new(), None);
        loop {
            let mut token = self.scanner.next();
            match token {
                Token::Sign('*') => return self.sign(']', "`]`").map(|()| Bracket::Star),
                Token::Sign('?') => {}
                Token::Sign(':') => keys.push(number(if keys.len() == 1 { FAR } else { 0.0 })),
                Token::Sign(']') if separator == Some(Token::Sign(':')) => {}
                _ => {
                    self.scanner.back();
                    keys.push(self.expression()?);
                    token = self.scanner.next();
                }
            }
            let separator = *separator.get_or_insert(token);
            match token {
                Token::Sign(']') => return self.bracketed(keys, separator),
                Token::Sign(':' | ',') if separator == token => {}
                Token::Sign('?') if separator == token && keys.is_empty() => {}
                _ => return Err(self.expected("`]`, or `,` or `:` as before")),
            }
        }
    }

    fn bracketed(&self, mut keys: Vec<Expression>, separator: Token) -> Result<Bracket, Error> {
        if separator == Token::Sign(':') {
            let padding = [0.0, FAR, 1.0].into_iter().skip(keys.len()).map(number);
            keys.extend(padding);
            let range = keys.try_into().map_err(|_| self.expected("a range of three parts at most"))?;
            return Ok(Bracket::Range(range));
        }
        if separator != Token::Sign('?') {
            return Ok(Bracket::Keys(keys));
        }
        match keys.pop() {
            Some(filter) if keys.is_empty() => Ok(Bracket::Filter(filter)),
            _ => Err(self.expected("one condition behind `?`")),
        }
    }
}

fn number(number: f64) -> Expression {
    Expression::Constant(Constant::Number(number))
}

/// Go's `strconv.ParseFloat` in decimal notation: underscores may stand between digits.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let mut before = None;
    for (character, next) in text.chars().zip(text.chars().skip(1).map(Some).chain([None])) {
        let digits = [before, next].iter().all(|other| other.is_some_and(|other| other.is_ascii_digit()));
        if character == '_' && !digits {
            return None;
        }
        before = Some(character);
    }
    text.replace('_', "").parse().ok()
}

fn one_or_several(path: Path, mut keys: Vec<Expression>) -> Path {
    match keys.pop() {
        Some(key) if keys.is_empty() => path.step(Step::Select(key)),
        Some(key) => {
            keys.push(key);
            path.fork(Fork::Several(keys))
        }
        None => path.fork(Fork::All),
    }
}
