//! Which remote keys an ExternalSecret needs, and which values of the answers become which keys of the target.

use std::collections::BTreeMap;

use gotemplate::Functions;

use super::decode::{check_keys, check_null_bytes, convert_keys, decode};
use super::entries;
use super::problem::Problem;
use super::rewrite::rewrite;
use super::vaulted::Vaulted;
use crate::api::external_secret::{
    ConversionStrategy, DataEntry, DataFrom, DecodingStrategy, DeletionPolicy, ExternalSecretSpec, Find,
    NullBytePolicy, Part, Remote, RemoteRef, Rewrite, SourceRef, StoreRef,
};
use crate::sealed::Sealed;

/// The most keys that one extracted object may bring; a Secret of 1 MiB holds fewer.
pub(super) const MOST_MEMBERS: usize = 100_000;

/// One read that the spec asks for.
#[derive(Clone, Debug)]
pub struct Need<'a> {
    /// The path of the entry, for example `spec.data[0]`.
    pub field: String,
    /// The store to ask.
    pub store: &'a StoreRef,
    /// What to ask it for.
    pub remote: Remote,
    /// What the answer is for.
    pub entry: Entry<'a>,
}

/// What an entry of the spec makes of its answer.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// One key of the target.
    Data(&'a DataEntry),
    /// A key for every member of the value, which is an object.
    Extract(&'a RemoteRef, &'a [Rewrite]),
    /// A key for every secret that is found.
    Find(&'a Find, &'a [Rewrite]),
}

impl Need<'_> {
    /// Which part of the answer is wanted; none for all of it.
    pub fn property(&self) -> Option<&str> {
        let reference = match self.entry {
            Entry::Data(entry) => &entry.remote_ref,
            Entry::Extract(reference, _) => reference,
            Entry::Find(..) => return None,
        };
        reference.property.as_deref().filter(|property| !property.is_empty())
    }
}

/// What a provider answered to one need.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The value, and how its properties are looked up.
    Value(&'a Sealed, Dialect),
    /// There is no such secret; confirmed when it was said often and long enough to act upon.
    Absent {
        /// Whether it may be acted upon.
        confirmed: bool,
    },
    /// There is no answer; why not.
    Failed(&'a str),
}

/// How a provider looks a `property` up in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The property as one name with its dots escaped, then as a gjson path (AWS, GCP).
    EscapedFirst,
    /// The property as a member's exact name, then as a gjson path; members that are extracted are written as Go writes
    /// what it has decoded, numbers as floats (Vault).
    ExactFirst,
    /// As a gjson path; a missing property is a missing secret (`fake`).
    Path,
    /// As a gjson path, then as one name with its dots escaped; tags, certificates and keys by rules of their own
    /// ([`super::vaulted`], Azure).
    Vaulted,
    /// As the name of one of several values, then as a path in one of them; the answer is packed (`kubernetes`).
    Entries,
    /// As a gjson path; what is found and is no text is JSON as it stands, and a value that has no members is one (`crd`).
    Object,
    /// Not at all: the provider was asked for it, and its answer is what the entry wants. Members that are extracted are
    /// written as for [`Dialect::ExactFirst`], also those of an object within a JSON string (webhook).
    Asked,
}

/// The keys and values that the target should have, before its template.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assembly {
    /// By key of the target.
    pub data: BTreeMap<String, Sealed>,
    /// Entries that were passed over since their secret is confirmed to be gone, by field and remote key.
    pub missing: Vec<(String, String)>,
}

/// Every read that a spec asks for, `dataFrom` first, in the order in which later ones override earlier ones.
pub fn needs(spec: &ExternalSecretSpec) -> Vec<Need<'_>> {
    let from = spec.data_from.iter().enumerate().filter_map(|(index, entry)| {
        let (remote, made) = wanted(entry)?;
        need(spec, format!("spec.dataFrom[{index}]"), entry.source_ref.as_ref(), remote, made)
    });
    let data = spec.data.iter().enumerate().filter_map(|(index, entry)| {
        let remote = entry.remote_ref.remote_key().into();
        need(spec, format!("spec.data[{index}]"), entry.source_ref.as_ref(), remote, Entry::Data(entry))
    });
    from.chain(data).collect()
}

/// What an entry of `dataFrom` reads: `find` goes before `extract`, as in ESO.
fn wanted(entry: &DataFrom) -> Option<(Remote, Entry<'_>)> {
    if let Some(find) = &entry.find {
        return Some((find.query().into(), Entry::Find(find, &entry.rewrite)));
    }
    let extract = entry.extract.as_ref()?;
    Some((extract.remote_key().into(), Entry::Extract(extract, &entry.rewrite)))
}

fn need<'a>(
    spec: &'a ExternalSecretSpec,
    field: String,
    source: Option<&'a SourceRef>,
    remote: Remote,
    entry: Entry<'a>,
) -> Option<Need<'a>> {
    let own = source.and_then(|source| source.store_ref.as_ref());
    let store = own.or(spec.secret_store_ref.as_ref())?;
    Some(Need { field, store, remote, entry })
}

/// Puts the answers together: all of them or nothing. `functions` are those that templates of keys may call.
///
/// # Errors
/// The first entry that failed, is missing, or cannot be what the spec says.
pub fn assemble(
    needs: &[Need<'_>],
    answers: &[Answer<'_>],
    deletion: DeletionPolicy,
    functions: &Functions,
) -> Result<Assembly, Problem> {
    let mut assembly = Assembly::default();
    for (need, answer) in needs.iter().zip(answers) {
        match answer {
            Answer::Value(value, dialect) => {
                let values = entry(need, value, *dialect, functions)?;
                // An empty answer was looked at again before it came here, as an absence is.
                if values.is_empty() && matches!(need.entry, Entry::Find(..)) && deletion == DeletionPolicy::Delete {
                    assembly.missing.push((need.field.clone(), named(need)));
                }
                assembly.data.extend(values);
            }
            Answer::Absent { confirmed: true } if deletion != DeletionPolicy::Retain => {
                assembly.missing.push((need.field.clone(), named(need)));
            }
            Answer::Absent { .. } => return Err(absent(need, deletion)),
            Answer::Failed(why) => return Err(failed(need, why)),
        }
    }
    Ok(assembly)
}

/// What one entry brings into the target.
fn entry(
    need: &Need<'_>,
    value: &Sealed,
    dialect: Dialect,
    functions: &Functions,
) -> Result<BTreeMap<String, Sealed>, Problem> {
    match need.entry {
        Entry::Data(entry) => {
            let selected = match special(need, dialect) {
                Some(of) => of.selected(need, &entry.remote_ref, value)?,
                None => property(need, &entry.remote_ref, value, dialect)?,
            };
            let key = &entry.secret_key;
            Ok(BTreeMap::from([(key.clone(), finish(need, Strategies::of(&entry.remote_ref), key, selected)?)]))
        }
        Entry::Extract(reference, steps) => {
            let values = match special(need, dialect) {
                Some(of) => of.members(need, reference, value)?,
                None => extracted(need, reference, value, dialect)?,
            };
            keyed(need, Strategies::of(reference), steps, values, functions)
        }
        Entry::Find(find, steps) => keyed(need, Strategies::of_find(find), steps, found(need, value)?, functions),
    }
}

/// What is done to keys and values on their way.
#[derive(Clone, Copy, Debug)]
struct Strategies {
    conversion: ConversionStrategy,
    decoding: DecodingStrategy,
    null_bytes: NullBytePolicy,
}

impl Need<'_> {
    /// What to ask a provider that looks properties up as `dialect` says.
    pub fn question(&self, dialect: Dialect) -> Remote {
        match (&self.remote, self.entry) {
            (Remote::Key(key), Entry::Data(DataEntry { remote_ref: reference, .. }) | Entry::Extract(reference, _))
                if dialect == Dialect::Asked =>
            {
                key.clone().with_property(reference.property.as_deref()).into()
            }
            _ => self.remote.clone(),
        }
    }
}

impl Strategies {
    fn of(reference: &RemoteRef) -> Self {
        Self {
            conversion: reference.conversion_strategy.unwrap_or_default(),
            decoding: reference.decoding_strategy.unwrap_or_default(),
            null_bytes: reference.null_byte_policy.unwrap_or_default(),
        }
    }

    fn of_find(find: &Find) -> Self {
        Self {
            conversion: find.conversion_strategy.unwrap_or_default(),
            decoding: find.decoding_strategy.unwrap_or_default(),
            null_bytes: find.null_byte_policy.unwrap_or_default(),
        }
    }
}

/// Keys rewritten, or else converted; then checked, and their values decoded.
fn keyed(
    need: &Need<'_>,
    strategies: Strategies,
    steps: &[Rewrite],
    values: BTreeMap<String, Sealed>,
    functions: &Functions,
) -> Result<BTreeMap<String, Sealed>, Problem> {
    let field = path(need);
    let named = if steps.is_empty() {
        convert_keys(&field, strategies.conversion, values)?
    } else {
        rewrite(&format!("{}.rewrite", need.field), steps, values, functions)?
    };
    let checked = check_keys(&field, named)?;
    checked.into_iter().map(|(key, value)| finish(need, strategies, &key, value).map(|value| (key, value))).collect()
}

/// The last steps of every value.
fn finish(need: &Need<'_>, strategies: Strategies, key: &str, value: Sealed) -> Result<Sealed, Problem> {
    let field = path(need);
    let decoded = decode(&field, strategies.decoding, value)?;
    check_null_bytes(&field, strategies.null_bytes, key, &decoded)?;
    Ok(decoded)
}

/// Every secret of a search's answer.
fn found(need: &Need<'_>, value: &Sealed) -> Result<BTreeMap<String, Sealed>, Problem> {
    let entries = value.unpack().ok_or_else(|| failed(need, "the answer is not one to a search"))?;
    Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), Sealed::new(value.to_vec()))).collect())
}

/// Every member of the value, or of the part of it that is named.
fn extracted(
    need: &Need<'_>,
    reference: &RemoteRef,
    value: &Sealed,
    dialect: Dialect,
) -> Result<BTreeMap<String, Sealed>, Problem> {
    let whole = reference.property.as_deref().is_none_or(str::is_empty);
    if whole && is_packed(need, dialect) {
        return entries::all(value).ok_or_else(|| no_object(need));
    }
    members(need, &property(need, reference, value, dialect)?, dialect)
}

/// Whether the answer is several values as one, which are no JSON yet.
fn is_packed(need: &Need<'_>, dialect: Dialect) -> bool {
    dialect == Dialect::Entries && matches!(&need.remote, Remote::Key(key) if key.part == Part::Value)
}

/// Strings without their quotes, everything else as its JSON text or, with Vault, as Go writes it.
fn members(need: &Need<'_>, value: &Sealed, dialect: Dialect) -> Result<BTreeMap<String, Sealed>, Problem> {
    let inner = if dialect == Dialect::Asked { gjson::string(value.expose()).map(Sealed::new) } else { None };
    let members = match gjson::members(inner.as_ref().unwrap_or(value).expose()) {
        Ok(members) => members,
        // As in ESO: what has no members is one itself.
        Err(_) if dialect == Dialect::Object => return Ok(BTreeMap::from([("value".to_owned(), value.clone())])),
        Err(_) => return Err(no_object(need)),
    };
    let text = |member: &gjson::Value<'_>| match dialect {
        Dialect::ExactFirst | Dialect::Asked => gjson::text_of(member).map_err(|_| no_object(need)),
        Dialect::EscapedFirst | Dialect::Path | Dialect::Vaulted | Dialect::Entries | Dialect::Object => {
            Ok(member.as_extracted().into_owned())
        }
    };
    members.take(MOST_MEMBERS).map(|(name, member)| Ok((name, Sealed::new(text(&member)?)))).collect()
}

/// The part of the value that the entry wants: all of it where it names no property.
pub(super) fn property(
    need: &Need<'_>,
    reference: &RemoteRef,
    value: &Sealed,
    dialect: Dialect,
) -> Result<Sealed, Problem> {
    let packed = is_packed(need, dialect);
    let wanted = reference.property.as_deref().filter(|property| !property.is_empty() && dialect != Dialect::Asked);
    let Some(property) = wanted else {
        return if packed { entries::whole(value).ok_or_else(|| no_object(need)) } else { Ok(value.clone()) };
    };
    if !packed {
        gjson::valid(value.expose()).map_err(|_| no_object(need))?;
    }
    let found = match dialect {
        Dialect::Entries if packed => entries::property(value, property).map_err(|error| no_path(need, &error))?,
        Dialect::Entries => entries::metadata(value, property).map_err(|error| no_path(need, &error))?,
        Dialect::Object => find(need, value, property)?.map(|found| {
            let text = if found.kind() == gjson::Kind::String { found.as_bytes() } else { found.raw().into() };
            Sealed::new(text.into_owned())
        }),
        Dialect::EscapedFirst => match look_up(need, value, &gjson::escape(property))? {
            None => match look_up(need, value, property)? {
                None => member_of(need, reference, value, property)?,
                found => found,
            },
            found => found,
        },
        Dialect::ExactFirst => match member(need, value, property)? {
            None => look_up(need, value, property)?,
            found => found,
        },
        Dialect::Path | Dialect::Asked => look_up(need, value, property)?,
        Dialect::Vaulted => match look_up(need, value, property)? {
            None if property.contains('.') => look_up(need, value, &gjson::escape(property))?,
            found => found,
        },
    };
    found.ok_or_else(|| lacks(need, property))
}

/// That a value has no such property.
pub(super) fn lacks(need: &Need<'_>, property: &str) -> Problem {
    Problem::new(
        format!("{}.property", path(need)),
        format!("the value of {:?} has no property {property:?}", named(need)),
        "correct the property, or add it to the value at the provider",
    )
}

/// What an answer of Azure's is, where it is no plain value.
fn special(need: &Need<'_>, dialect: Dialect) -> Option<Vaulted> {
    let Remote::Key(key) = &need.remote else { return None };
    if dialect == Dialect::Vaulted { Vaulted::of(key) } else { None }
}

/// The member of exactly this name, the last one where there are several.
fn member(need: &Need<'_>, value: &Sealed, name: &str) -> Result<Option<Sealed>, Problem> {
    let members = gjson::members(value.expose()).map_err(|_| no_object(need))?;
    let found = members.take(MOST_MEMBERS).filter(|(found, _)| found == name).last();
    Ok(found.map(|(_, member)| Sealed::new(member.as_extracted().into_owned())))
}

/// `annotations.example.com/owner` of metadata is the annotation `example.com/owner` (GCP): behind the first dot there is a
/// name as it is.
fn member_of(
    need: &Need<'_>,
    reference: &RemoteRef,
    value: &Sealed,
    property: &str,
) -> Result<Option<Sealed>, Problem> {
    match property.split_once('.') {
        Some((map, name)) if reference.remote_key().part == Part::Metadata => {
            look_up(need, value, &format!("{}.{}", gjson::escape(map), gjson::escape(name)))
        }
        _ => Ok(None),
    }
}

pub(super) fn look_up(need: &Need<'_>, value: &Sealed, property: &str) -> Result<Option<Sealed>, Problem> {
    let found = find(need, value, property)?;
    Ok(found.map(|value| Sealed::new(value.as_bytes().into_owned())))
}

fn find<'a>(need: &Need<'_>, value: &'a Sealed, property: &str) -> Result<Option<gjson::Value<'a>>, Problem> {
    gjson::get(value.expose(), property).map_err(|error| no_path(need, &error))
}

fn no_path(need: &Need<'_>, error: &gjson::Error) -> Problem {
    Problem::new(format!("{}.property", path(need)), error.to_string(), "write it as a path that is supported")
}

pub(super) fn no_object(need: &Need<'_>) -> Problem {
    let wants = if matches!(need.entry, Entry::Data(_)) { "to have properties" } else { "to be extracted" };
    Problem::new(
        path(need),
        format!("the value of {:?} is not the JSON object that it must be {wants}", named(need)),
        "store a JSON object at the provider, or read the value whole by an entry of spec.data without property",
    )
}

fn absent(need: &Need<'_>, deletion: DeletionPolicy) -> Problem {
    let (cause, cure) = match deletion {
        DeletionPolicy::Retain => ("does not exist at the provider", "create it, or correct the key or the version"),
        DeletionPolicy::Delete | DeletionPolicy::Merge => (
            "does not exist at the provider; until that is confirmed by later polls the target stays as it is",
            "wait for two intervals, or create it again",
        ),
    };
    Problem::new(format!("{}.key", path(need)), format!("{:?} {cause}", named(need)), cure)
}

fn failed(need: &Need<'_>, why: &str) -> Problem {
    let cure = "the target keeps its last good value meanwhile";
    match &need.remote {
        Remote::Key(key) => Problem::new(format!("{}.key", path(need)), format!("{:?}: {why}", key.key), cure),
        Remote::Query(_) => Problem::new(path(need), why, cure),
    }
}

/// What is read, as messages name it.
pub(super) fn named(need: &Need<'_>) -> String {
    match &need.remote {
        Remote::Key(key) => key.key.clone(),
        Remote::Query(query) => query.name.clone().or_else(|| query.path.clone()).unwrap_or_else(|| "tags".to_owned()),
    }
}

/// The path of what the entry reads.
pub(super) fn path(need: &Need<'_>) -> String {
    let part = match need.entry {
        Entry::Data(_) => "remoteRef",
        Entry::Extract(..) => "extract",
        Entry::Find(..) => "find",
    };
    format!("{}.{part}", need.field)
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
