//! The one decision about a target: what it should be, what stands there, and which single write leads from one to the
//! other.
//!
//! Every policy of creation, ownership, merging and immutability is decided here. A decision made from metadata alone
//! may ask for a whole look ([`Decision::Look`]); a write is never decided without one.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::content;
use super::keep::{Keep, kept};
use super::marks::{CREATED_BY_LABEL, DATA_HASH_ANNOTATION, MANAGED_LABEL, created_by, data_hash};
use super::problem::Problem;
use super::standing::{Content, Standing, is_external_secret};
use super::template::Rendered;
use super::valid::PRIVILEGED_TYPES;
use crate::api::external_secret::CreationPolicy;
use crate::sealed::Sealed;

/// The ExternalSecret that a target belongs to.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// Its namespace, which is the target's.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID: one of the same name made later is another owner.
    pub uid: String,
}

/// What a target should be.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Data, labels, annotations, type.
    pub rendered: Rendered,
    /// What it was rendered from, where there is a template: stands for all of `rendered`.
    pub inputs: Option<String>,
    /// Whether what stands may be kept in place of what is another each time it is rendered.
    pub keep: Keep,
    /// Who asks for it.
    pub owner: Owner,
    /// How it may come about.
    pub creation: CreationPolicy,
    /// Whether the API server shall refuse later changes.
    pub immutable: bool,
    /// Whether a foreign Secret may lose keys to creation policy `Orphan`, as with ESO.
    pub may_wipe: bool,
}

/// What was last seen to be true, so that an unchanged resourceVersion alone tells that it still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The target's UID.
    pub uid: String,
    /// The target's resourceVersion.
    pub resource_version: String,
    /// [`Desired::digest`] of what was wanted then.
    pub digest: String,
}

/// The action to take.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// It is as it should be.
    Settled,
    /// The metadata does not tell: read the data and decide again.
    Look,
    /// It does not exist and this policy does not create it.
    Missing,
    /// It does not exist: create it, whole.
    Create(Box<Next>),
    /// It exists: bring it to this, all data replaced.
    Replace(Box<Next>),
    /// It exists: bring it to this, other people's keys kept.
    Merge(Box<Next>),
}

/// A target as it should stand after the write, and the object that the write was decided on.
#[derive(Debug, Default, PartialEq)]
pub struct Next {
    /// The whole data; for a merge only what is set anew.
    pub data: BTreeMap<String, Sealed>,
    /// Keys that a merge takes away.
    pub removed: BTreeSet<String>,
    /// Labels and annotations that a merge takes away.
    pub unmarked: Unmarked,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// All annotations.
    pub annotations: BTreeMap<String, String>,
    /// All owners.
    pub owners: Vec<OwnerReference>,
    /// All finalizers.
    pub finalizers: Vec<String>,
    /// The type, where it has to be said.
    pub type_: Option<String>,
    /// Whether to seal it.
    pub immutable: bool,
    /// UID and resourceVersion that must still hold; none for a creation.
    pub precondition: Option<(String, String)>,
}

/// Marks that are no longer wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unmarked {
    /// Keys of labels.
    pub labels: Vec<String>,
    /// Keys of annotations.
    pub annotations: Vec<String>,
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The controller is another ExternalSecret.
    #[error("{0}")]
    OwnedByAnother(Problem),
    /// The controller is something else, or the write would take what is not ours.
    #[error("{0}")]
    Ownership(Problem),
    /// The target is sealed and something else is wanted.
    #[error("{0}")]
    Immutable(Problem),
    /// Kubernetes would refuse it, or it is a Secret that nobody may touch.
    #[error("{0}")]
    Content(Problem),
}

impl Desired {
    /// Stands for everything that is wanted; equal only when all of it is.
    pub fn digest(&self) -> String {
        if let Some(inputs) = &self.inputs {
            return format!("{inputs} {:?} {}", self.creation, self.immutable);
        }
        let rest = format!(
            "{:?} {:?} {:?} {:?} {:?} {}",
            self.rendered.labels,
            self.rendered.annotations,
            self.rendered.finalizers,
            self.rendered.type_,
            self.creation,
            self.immutable
        );
        let whole = self.rendered.data.iter().map(|(key, value)| (key.clone(), value.clone()));
        let with_rest: BTreeMap<_, _> = whole.chain([(String::new(), Sealed::from(rest))]).collect();
        data_hash(&with_rest)
    }

    fn owns(&self) -> bool {
        self.creation == CreationPolicy::Owner
    }

    fn merges(&self) -> bool {
        matches!(self.creation, CreationPolicy::Merge | CreationPolicy::CreateOrMerge)
    }

    fn controller_reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: "external-secrets.io/v1".to_owned(),
            kind: "ExternalSecret".to_owned(),
            name: self.owner.name.clone(),
            uid: self.owner.uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }
    }
}

/// Chooses the one action that moves what stands to what is desired.
///
/// # Errors
/// The target is not ours to write, or Kubernetes would refuse it.
pub fn decide(
    desired: &Desired,
    standing: Option<&Standing>,
    confirmed: Option<&Confirmed>,
) -> Result<Decision, Refusal> {
    if desired.creation == CreationPolicy::None {
        return Ok(Decision::Settled);
    }
    let Some(standing) = standing else { return create(desired) };
    refuse_foreign(desired, standing)?;
    refuse_type(desired.rendered.type_.as_deref())?;
    if is_confirmed(desired, standing, confirmed) {
        return Ok(Decision::Settled);
    }
    match &standing.content {
        None if is_settled(desired, standing) => Ok(Decision::Settled),
        None => Ok(Decision::Look),
        Some(content) => change(&kept(desired, standing, content), standing, content),
    }
}

fn create(desired: &Desired) -> Result<Decision, Refusal> {
    if desired.creation == CreationPolicy::Merge {
        return Ok(Decision::Missing);
    }
    refuse_type(desired.rendered.type_.as_deref())?;
    check_content(desired.rendered.type_.as_deref(), &desired.rendered.data)?;
    let nothing = Standing::default();
    Ok(Decision::Create(Box::new(Next {
        data: desired.rendered.data.clone(),
        labels: labels(desired, &nothing),
        annotations: annotations(desired, &nothing, data_hash(&desired.rendered.data)),
        owners: owners(desired, &nothing),
        finalizers: desired.rendered.finalizers.clone(),
        type_: desired.rendered.type_.clone(),
        immutable: desired.immutable,
        ..Next::default()
    })))
}

/// The ownership check, before anything else is looked at.
fn refuse_foreign(desired: &Desired, standing: &Standing) -> Result<(), Refusal> {
    if standing.deleting {
        return Err(Refusal::Ownership(Problem::new(
            "spec.target.name",
            "the Secret of this name is being deleted",
            "wait until it is gone; a finalizer may hold it",
        )));
    }
    let Some(controller) = standing.controller().filter(|owner| owner.uid != desired.owner.uid) else { return Ok(()) };
    let ours = is_external_secret(controller);
    if ours && controller.name != desired.owner.name {
        return Err(Refusal::OwnedByAnother(Problem::new(
            "spec.target.name",
            format!("the Secret belongs to the ExternalSecret {:?}", controller.name),
            "choose another name, or delete the other ExternalSecret",
        )));
    }
    if !ours && desired.owns() {
        return Err(Refusal::Ownership(Problem::new(
            "spec.target.name",
            format!("the Secret is controlled by {} {:?}", controller.kind, controller.name),
            "choose another name, or set creationPolicy to Merge",
        )));
    }
    Ok(())
}

/// Whether a target stands as it was confirmed, and the same is wanted: then nothing has to be rendered to say so.
pub fn is_confirmed(desired: &Desired, standing: &Standing, confirmed: Option<&Confirmed>) -> bool {
    confirmed.is_some_and(|confirmed| {
        confirmed.uid == standing.uid
            && confirmed.resource_version == standing.resource_version
            && confirmed.digest == desired.digest()
    })
}

/// Whether metadata alone proves that everything is as it should be (design decision 8).
fn is_settled(desired: &Desired, standing: &Standing) -> bool {
    let hash = data_hash(&desired.rendered.data);
    // The type is no metadata.
    !desired.merges()
        && desired.rendered.type_.is_none()
        && standing.ours.data.iter().eq(desired.rendered.data.keys())
        && standing.others.data.is_empty()
        && standing.ours.immutable == desired.immutable
        && standing.annotations.get(DATA_HASH_ANNOTATION) == Some(&hash)
        && has_metadata(desired, standing, hash)
}

fn has_metadata(desired: &Desired, standing: &Standing, hash: String) -> bool {
    labels(desired, standing) == standing.labels
        && annotations(desired, standing, hash) == standing.annotations
        && owners(desired, standing) == standing.owners
        && finalizers(desired, standing) == standing.finalizers
}

/// The write that a whole look asks for, if any.
fn change(desired: &Desired, standing: &Standing, content: &Content) -> Result<Decision, Refusal> {
    refuse_content(desired, standing, content)?;
    let data = next_data(desired, standing, content);
    let type_ = desired.rendered.type_.clone().filter(|type_| *type_ != content.type_);
    let hash = data_hash(&data);
    let seals = desired.immutable && !content.immutable;
    if data == content.data && type_.is_none() && !seals && has_metadata(desired, standing, hash.clone()) {
        return Ok(Decision::Settled);
    }
    if content.immutable && data != content.data {
        return Err(sealed_target());
    }
    check_content(Some(type_.as_deref().unwrap_or(&content.type_)), &data)?;
    let removed = content.data.keys().filter(|key| !data.contains_key(*key)).cloned().collect();
    let (labels, annotations) = (labels(desired, standing), annotations(desired, standing, hash));
    let unmarked =
        Unmarked { labels: gone(&standing.labels, &labels), annotations: gone(&standing.annotations, &annotations) };
    let next = Box::new(Next {
        removed,
        unmarked,
        labels,
        annotations,
        owners: owners(desired, standing),
        finalizers: finalizers(desired, standing),
        type_,
        immutable: desired.immutable || content.immutable,
        precondition: Some((standing.uid.clone(), standing.resource_version.clone())),
        data,
    });
    Ok(if desired.merges() { Decision::Merge(only_new(next, content)) } else { Decision::Replace(next) })
}

/// A merge says only what it changes.
fn only_new(mut next: Box<Next>, content: &Content) -> Box<Next> {
    next.data.retain(|key, value| content.data.get(key) != Some(value));
    next
}

/// What the spec's check has refused already, asked once more of what was rendered.
fn refuse_type(type_: Option<&str>) -> Result<(), Refusal> {
    match type_.filter(|type_| PRIVILEGED_TYPES.contains(type_)) {
        None => Ok(()),
        Some(type_) => Err(Refusal::Content(Problem::new(
            "spec.target.template.type",
            format!("{type_:?} is a type that Kubernetes or Helm acts upon"),
            "choose another type; such Secrets are never written",
        ))),
    }
}

fn refuse_content(desired: &Desired, standing: &Standing, content: &Content) -> Result<(), Refusal> {
    if PRIVILEGED_TYPES.contains(&content.type_.as_str()) {
        return Err(Refusal::Content(Problem::new(
            "spec.target.name",
            format!("the Secret of this name has type {:?}, which Kubernetes or Helm acts upon", content.type_),
            "choose another name; such Secrets are never written",
        )));
    }
    if desired.rendered.type_.as_ref().is_some_and(|type_| *type_ != content.type_) {
        return Err(Refusal::Content(Problem::new(
            "spec.target.template.type",
            format!("the Secret exists with type {:?}, and a type cannot be changed", content.type_),
            "delete the Secret, choose another name, or set its type here",
        )));
    }
    let loses = content.data.keys().any(|key| !desired.rendered.data.contains_key(key));
    if desired.creation == CreationPolicy::Orphan && !standing.was_ever_ours() && loses && !desired.may_wipe {
        return Err(Refusal::Ownership(Problem::new(
            "spec.target.creationPolicy",
            "the Secret exists, is not ours, and would lose keys to creationPolicy Orphan",
            "set creationPolicy to CreateOrMerge or Owner, choose another name, or run Keyferry with --adoption=any",
        )));
    }
    Ok(())
}

fn sealed_target() -> Refusal {
    Refusal::Immutable(Problem::new(
        "spec.target",
        "the Secret is immutable and its data would change",
        "delete the Secret to have it created anew, or choose another name",
    ))
}

fn check_content(type_: Option<&str>, data: &BTreeMap<String, Sealed>) -> Result<(), Refusal> {
    content::check(type_, data).map_err(Refusal::Content)
}

/// The whole data after the write.
fn next_data(desired: &Desired, standing: &Standing, content: &Content) -> BTreeMap<String, Sealed> {
    let wanted = desired.rendered.data.clone();
    if !desired.merges() {
        return wanted;
    }
    let kept = content.data.iter().filter(|(key, _)| !standing.ours.data.contains(*key));
    let mut data: BTreeMap<_, _> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    data.extend(wanted);
    data
}

/// The object's labels, less those that we set and no longer want, with those that we want.
fn labels(desired: &Desired, standing: &Standing) -> BTreeMap<String, String> {
    let mut labels = less(&standing.labels, &standing.ours.labels);
    labels.extend(desired.rendered.labels.clone());
    labels.remove(CREATED_BY_LABEL);
    if desired.owns() {
        labels.insert(CREATED_BY_LABEL.to_owned(), created_by(&desired.owner.namespace, &desired.owner.name));
    }
    labels.insert(MANAGED_LABEL.to_owned(), "true".to_owned());
    labels
}

fn annotations(desired: &Desired, standing: &Standing, hash: String) -> BTreeMap<String, String> {
    let mut annotations = less(&standing.annotations, &standing.ours.annotations);
    annotations.extend(desired.rendered.annotations.clone());
    annotations.insert(DATA_HASH_ANNOTATION.to_owned(), hash);
    annotations
}

fn less(map: &BTreeMap<String, String>, ours: &BTreeSet<String>) -> BTreeMap<String, String> {
    map.iter().filter(|(key, _)| !ours.contains(*key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn gone(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    before.keys().filter(|key| !after.contains_key(*key)).cloned().collect()
}

/// With policy `Owner` our reference, in its old place if it had one; with any other none of ours.
fn owners(desired: &Desired, standing: &Standing) -> Vec<OwnerReference> {
    let mine = |owner: &OwnerReference| is_external_secret(owner) && owner.name == desired.owner.name;
    let mut owners = standing.owners.clone();
    if !desired.owns() {
        owners.retain(|owner| !mine(owner));
        return owners;
    }
    let reference = desired.controller_reference();
    match owners.iter_mut().find(|owner| mine(owner)) {
        Some(place) => *place = reference,
        None => owners.push(reference),
    }
    owners
}

fn finalizers(desired: &Desired, standing: &Standing) -> Vec<String> {
    let mut finalizers = standing.finalizers.clone();
    let new = desired.rendered.finalizers.iter().filter(|wanted| !standing.finalizers.contains(wanted));
    finalizers.extend(new.cloned());
    finalizers
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
