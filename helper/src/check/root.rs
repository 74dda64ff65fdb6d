//! The verdict on one root: how it is mounted, how old its keys are, who may read them, and what lies there that should not.

use std::path::PathBuf;
use std::time::Duration;

use super::finding::{Code, Finding};
use super::mountinfo::Mount;
use super::rights::{Identity, Standing};

/// Names in one message.
const SHOWN: usize = 5;

/// What is known of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its path, as it was given.
    pub path: PathBuf,
    /// What is there, or why it cannot be opened.
    pub state: Result<Open, String>,
}

/// A root that could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its path, links followed.
    pub real: PathBuf,
    /// Mode and owners of the folder.
    pub standing: Standing,
    /// The mount that it lies on, if the mounts could be read.
    pub mount: Option<Mount>,
    /// What the kubelet calls the generation that is shown; none if this is no volume of its.
    pub generation: Option<String>,
    /// How long ago the generation was written, or the newest of the keys where there is none.
    pub age: Option<Duration>,
    /// The files beneath it.
    pub keys: Vec<Key>,
    /// Folders beneath it that are mounts of their own.
    pub nested: Vec<PathBuf>,
}

/// A file beneath a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its path beneath the root.
    pub path: String,
    /// Mode and owners.
    pub standing: Standing,
    /// Whether the user may read it.
    pub reads: bool,
    /// Its own mount, if it has one: a Docker secret, or a `subPath`.
    pub own: Option<Mount>,
    /// Whether its value is a token of a ServiceAccount.
    pub token: bool,
}

impl Root {
    /// What is wrong with it.
    pub fn judge(&self, identity: &Identity, max_age: Option<Duration>) -> Vec<Finding> {
        match &self.state {
            Ok(open) => Verdict { root: self, open }.all(identity, max_age),
            Err(why) => vec![self.find(Code::RootMissing, why)],
        }
    }

    fn find(&self, code: Code, what: impl std::fmt::Display) -> Finding {
        Finding::new(code, self.path.display(), what)
    }
}

struct Verdict<'a> {
    root: &'a Root,
    open: &'a Open,
}

impl Verdict<'_> {
    fn all(&self, identity: &Identity, max_age: Option<Duration>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = [
            self.on_disk(),
            self.writable(),
            self.by_link(),
            self.no_generations(),
            self.stale(max_age),
            self.world_readable(),
            self.unreadable(identity),
            self.sub_path(),
            self.token(),
        ]
        .into_iter()
        .flatten()
        .collect();
        findings.extend(self.open.nested.iter().map(|point| self.root.find(Code::MountInRoot, point.display())));
        findings
    }

    /// The mounts of the keys: the root's, unless each key has its own as in Docker, and those that keys have.
    fn mounts(&self) -> impl Iterator<Item = &Mount> {
        let keys = &self.open.keys;
        let apart = !keys.is_empty() && keys.iter().all(|key| key.own.is_some());
        let root = self.open.mount.as_ref().filter(|_| !apart);
        root.into_iter().chain(keys.iter().filter_map(|key| key.own.as_ref()))
    }

    fn on_disk(&self) -> Option<Finding> {
        let mount = self.mounts().find(|mount| !mount.is_in_memory())?;
        let what = format!("its file system is {}, mounted at {}", mount.kind, mount.point.display());
        Some(self.root.find(Code::RootOnDisk, what))
    }

    fn writable(&self) -> Option<Finding> {
        let mount = self.mounts().find(|mount| !mount.read_only)?;
        Some(self.root.find(Code::RootWritable, format!("{} is mounted rw", mount.point.display())))
    }

    fn by_link(&self) -> Option<Finding> {
        let real = &self.open.real;
        (*real != self.root.path).then(|| self.root.find(Code::RootByLink, format!("it leads to {}", real.display())))
    }

    fn no_generations(&self) -> Option<Finding> {
        let none = self.open.generation.is_none() && !self.is_sub_path();
        none.then(|| self.root.find(Code::NoGenerations, "it has no link ..data, so the kubelet does not write it"))
    }

    fn stale(&self, max_age: Option<Duration>) -> Option<Finding> {
        let (age, most) = (self.open.age?, max_age?);
        let what = || format!("they were written {} ago, and {} are allowed", shown(age), shown(most));
        (age > most).then(|| self.root.find(Code::Stale, what()))
    }

    fn world_readable(&self) -> Option<Finding> {
        self.keys(Code::WorldReadable, |key| key.standing.mode & 0o004 != 0, "others may read")
    }

    fn unreadable(&self, identity: &Identity) -> Option<Finding> {
        self.keys(Code::Unreadable, |key| !key.reads, &format!("{identity} may not read"))
    }

    fn token(&self) -> Option<Finding> {
        self.keys(Code::TokenInRoot, |key| key.token, "by their values, these are tokens:")
    }

    fn is_sub_path(&self) -> bool {
        self.open.mount.as_ref().is_some_and(Mount::is_sub_path)
    }

    fn sub_path(&self) -> Option<Finding> {
        if self.is_sub_path() {
            return Some(
                self.root.find(Code::SubPath, "the root itself shows one generation, whatever comes after it"),
            );
        }
        self.keys(Code::SubPath, |key| key.own.as_ref().is_some_and(Mount::is_sub_path), "each is a mount of its own:")
    }

    fn keys(&self, code: Code, is: impl Fn(&Key) -> bool, words: &str) -> Option<Finding> {
        let which: Vec<&str> = self.open.keys.iter().filter(|key| is(key)).map(|key| key.path.as_str()).collect();
        (!which.is_empty()).then(|| self.root.find(code, format!("{words} {}", list(&which))))
    }
}

/// Some names, and how many more there are. A name with a control character is escaped.
pub fn list(names: &[&str]) -> String {
    let some: Vec<String> = names.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}

/// A duration in its two largest units: `3d4h`, `2m5s`, `0s`.
pub fn shown(duration: Duration) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut rest = duration.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in units {
        if rest >= seconds || (unit == "s" && parts.is_empty()) {
            parts.push(format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    parts.truncate(2);
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::finding::Severity;

    fn key(path: &str, mode: u32) -> Key {
        let standing = Standing { mode, uid: 0, gid: 2000 };
        Key { path: path.to_owned(), standing, reads: true, own: None, token: false }
    }

    fn own(root: &str, kind: &str) -> Mount {
        let (point, root) = ("/run/keyferry/a".into(), root.into());
        Mount { point, root, kind: kind.to_owned(), read_only: true, no_exec: false }
    }

    fn open() -> Open {
        Open {
            real: "/run/keyferry".into(),
            standing: Standing { mode: 0o3777, uid: 0, gid: 2000 },
            mount: Some(Mount {
                point: "/run/keyferry".into(),
                root: "/".into(),
                kind: "tmpfs".to_owned(),
                read_only: true,
                no_exec: false,
            }),
            generation: Some("..2026_11_22_04_53_35.2227448162".to_owned()),
            age: Some(Duration::from_mins(10)),
            keys: vec![key("api-key", 0o440), key("db/password", 0o440)],
            nested: Vec::new(),
        }
    }

    fn findings(state: Result<Open, String>, max_age: Option<u64>) -> Vec<Finding> {
        let identity = Identity { uid: 1000, gid: 0, groups: vec![2000] };
        Root { path: "/run/keyferry".into(), state }.judge(&identity, max_age.map(Duration::from_secs))
    }

    fn codes(state: Open) -> Vec<Code> {
        findings(Ok(state), None).iter().map(|finding| finding.code).collect()
    }

    fn mount(change: impl FnOnce(&mut Mount)) -> Open {
        let mut open = open();
        change(open.mount.as_mut().unwrap());
        open
    }

    #[test]
    fn a_projected_volume_as_it_should_be_has_no_finding() {
        assert_eq!(codes(open()), []);
    }

    #[test]
    fn a_root_that_cannot_be_opened_is_an_error_with_its_reason() {
        let found = findings(Err("No such file or directory".to_owned()), None);
        assert_eq!((found[0].code, found[0].severity), (Code::RootMissing, Severity::Error));
        assert_eq!((found[0].place.as_str(), found[0].what.as_str()), ("/run/keyferry", "No such file or directory"));
    }

    #[test]
    fn each_way_of_mounting_it_less_well_has_its_finding() {
        assert_eq!(codes(mount(|mount| mount.kind = "ext4".to_owned())), [Code::RootOnDisk]);
        assert_eq!(codes(mount(|mount| mount.read_only = false)), [Code::RootWritable]);
        assert_eq!(codes(mount(|mount| mount.root = "/..2026_11_22/db".into())), [Code::SubPath]);
        assert_eq!(codes(Open { real: "/run/elsewhere".into(), ..open() }), [Code::RootByLink]);
        assert_eq!(codes(Open { generation: None, ..open() }), [Code::NoGenerations]);
        let token = PathBuf::from("/run/keyferry/kubernetes.io/serviceaccount");
        assert_eq!(codes(Open { nested: vec![token], ..open() }), [Code::MountInRoot]);
        assert_eq!(codes(Open { mount: None, ..open() }), [], "what is not known is not judged");
    }

    #[test]
    fn keys_are_judged_together_and_named() {
        let keys = |change: fn(&mut Key)| {
            let mut keys: Vec<Key> = (0..7).map(|number| key(&format!("k{number}"), 0o440)).collect();
            keys.iter_mut().for_each(change);
            findings(Ok(Open { keys, ..open() }), None)
        };
        for (found, code) in [
            (keys(|key| key.standing.mode = 0o444), Code::WorldReadable),
            (keys(|key| key.reads = false), Code::Unreadable),
            (keys(|key| key.own = Some(own("/..2026_11_22/a", "tmpfs"))), Code::SubPath),
            (keys(|key| key.token = true), Code::TokenInRoot),
        ] {
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].code, code);
            assert!(found[0].what.ends_with("k0, k1, k2, k3, k4 and 2 more"), "{found:?}");
        }
    }

    #[test]
    fn secrets_of_docker_are_judged_by_their_own_mounts() {
        let docker = |kind: &str, read_only| {
            let mut open = mount(|mount| (mount.kind, mount.read_only) = ("overlay".to_owned(), false));
            for key in &mut open.keys {
                key.own = Some(Mount { read_only, ..own("/secrets/a", kind) });
            }
            codes(Open { generation: None, ..open })
        };
        assert_eq!(docker("tmpfs", true), [Code::NoGenerations]);
        assert_eq!(docker("tmpfs", false), [Code::RootWritable, Code::NoGenerations]);
        assert_eq!(docker("ext4", true), [Code::RootOnDisk, Code::NoGenerations]);
    }

    #[test]
    fn age_matters_only_where_a_limit_is_given() {
        assert_eq!(findings(Ok(open()), Some(600)), []);
        let found = findings(Ok(open()), Some(599));
        assert_eq!(found[0].code, Code::Stale);
        assert_eq!(found[0].what, "they were written 10m ago, and 9m59s are allowed");
        assert_eq!(findings(Ok(Open { age: None, ..open() }), Some(1)), []);
    }

    #[test]
    fn durations_are_shown_in_two_units() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m"), (125, "2m5s"), (3_600, "1h"), (273_845, "3d4h")] {
            assert_eq!(shown(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_name_with_a_line_break_stays_on_its_line() {
        assert_eq!(list(&["a\nb", "c"]), "a\\nb, c");
    }
}
