//! The two services as data: what the rules that both keep to are tested with.

use super::{Answer, AwsProvider, Session, session_of};
use crate::provider::aws::{parameter_store, secrets_manager};

/// What makes the answer to a batch of values: names with their values, and ids that nothing has.
pub(in crate::provider::aws) type Values = fn(&[(&str, &str)], &[&str]) -> Answer;

/// How one service says what both say.
pub(in crate::provider::aws) struct Spoken {
    pub(in crate::provider::aws) name: &'static str,
    pub(in crate::provider::aws) spec: fn() -> AwsProvider,
    /// How many values it reads in a call.
    pub(in crate::provider::aws) batch: usize,
    /// Its calls: for many values, for one, and for what there is.
    pub(in crate::provider::aws) many: &'static str,
    pub(in crate::provider::aws) one: &'static str,
    pub(in crate::provider::aws) listing: &'static str,
    /// Its codes: for no such secret, for a request that is none, for its own fault, and for a page that is lost.
    pub(in crate::provider::aws) absent: &'static str,
    pub(in crate::provider::aws) malformed: &'static str,
    pub(in crate::provider::aws) broken: &'static str,
    pub(in crate::provider::aws) lost: &'static str,
    pub(in crate::provider::aws) values: Values,
    /// The answer with one name's value.
    pub(in crate::provider::aws) value: fn(&str, &str) -> Answer,
    /// One page of a listing and the next one's token; each secret has the tag `env=prod`.
    pub(in crate::provider::aws) page: fn(&[&str], Option<&str>) -> Answer,
    /// What a listed name is read by.
    pub(in crate::provider::aws) id: fn(&str) -> String,
    /// How the answer with one value begins.
    pub(in crate::provider::aws) half: &'static str,
}

pub(super) const ALL: [Spoken; 2] = [secrets_manager::tests::SPOKEN, parameter_store::tests::SPOKEN];

impl Spoken {
    pub(super) async fn session(&self, answers: impl IntoIterator<Item = Answer>) -> Session {
        session_of((self.spec)(), answers).await
    }
}
