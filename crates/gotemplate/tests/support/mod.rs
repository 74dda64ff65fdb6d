//! What the tests against Go are made of. `e2e/oracle/gotemplate` has the other side.

pub mod case;
pub mod cases;
pub mod data;
pub mod grow;
pub mod host;
pub mod tame;

pub use case::{Answer, Case};
pub use host::functions;

/// Errors in which Go shows a value. Ours have its type, since it may be a secret.
const WITH_A_VALUE: [&str; 6] = [
    "range can't iterate over ",
    " to iterate over more than one variable",
    "non-comparable type",
    "error calling call: non-function ",
    "index out of range",
    "invalid slice index: ",
];

/// What Go is not asked: it would go on for ever with what is over a budget here, and use up its stack where it prints a
/// map that holds itself.
pub fn is_beyond_go(ours: &Answer) -> bool {
    matches!(ours, Answer::Error(error) if error.ends_with("a map cannot hold itself")) || *ours == Answer::OverBudget
}

/// Whether our answer is Go's: the same bytes, or the same error.
pub fn agree(ours: &Answer, go: &Answer) -> bool {
    match (ours, go) {
        (Answer::Error(ours), Answer::Error(go)) if ours != go => WITH_A_VALUE.iter().any(|phrase| {
            let place = |error: &str| error.split(">: ").next().map(str::to_owned);
            ours.contains(phrase) && go.contains(phrase) && place(ours) == place(go)
        }),
        (_, Answer::Error(go)) if go == "the oracle's output is too long" => true,
        _ => ours == go,
    }
}
