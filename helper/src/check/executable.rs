//! The verdict on the helper's own executable: would Datadog run it, and who could replace it.

use super::finding::{Code, Finding};
use super::mountinfo::Mount;
use super::rights::{Identity, Refusal, RightsMode, Standing, datadog};

/// What is known of the executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    /// Its path, links followed.
    pub path: String,
    /// Mode and owners of the file.
    pub standing: Standing,
    /// The mount that it lies on, if the mounts could be read.
    pub mount: Option<Mount>,
    /// Whether the user may run it: what `access` says, or the modes of it and of the folders above.
    pub runs: bool,
    /// Whether the user may write the file or its folder, by their modes.
    pub may_write: bool,
}

impl Executable {
    /// Datadog's verdict.
    pub fn verdict(&self, option: RightsMode) -> Result<(), Refusal> {
        datadog(self.standing.mode, option, self.runs)
    }

    /// What is wrong with it for this user. `group_exec` is the option as the agent has it, if that is known.
    pub fn judge(&self, identity: &Identity, group_exec: Option<bool>) -> Vec<Finding> {
        let all = [
            self.refused(group_exec),
            self.cannot_run(identity),
            self.no_exec(),
            self.foreign(identity),
            self.replaceable(),
        ];
        all.into_iter().flatten().collect()
    }

    fn find(&self, code: Code, what: String) -> Finding {
        Finding::new(code, &self.path, what)
    }

    /// An error where the agent's own option refuses it, or both do; a note where only the other option does.
    fn refused(&self, group_exec: Option<bool>) -> Option<Finding> {
        let by_mode = |option| datadog(self.standing.mode, option, true).err();
        let (default, option) = (by_mode(RightsMode::Default), by_mode(RightsMode::GroupExec));
        let shown = self.standing;
        match (default, option, group_exec) {
            (None, _, _) => None,
            (Some(_), Some(refusal), _) | (Some(refusal), None, Some(false)) => {
                Some(self.find(Code::Refused, format!("{shown}: {refusal}")))
            }
            (Some(_), None, _) => {
                Some(self.find(Code::RefusedInOneMode, format!("{shown}: its group has rights on it")))
            }
        }
    }

    fn cannot_run(&self, identity: &Identity) -> Option<Finding> {
        let forbidden = self.mount.as_ref().is_some_and(|mount| mount.no_exec);
        (!self.runs && !forbidden)
            .then(|| self.find(Code::NotExecutable, format!("{}: not by {identity}", self.standing)))
    }

    fn no_exec(&self) -> Option<Finding> {
        let mount = self.mount.as_ref().filter(|mount| mount.no_exec)?;
        Some(self.find(Code::NoExec, format!("{} is mounted with noexec", mount.point.display())))
    }

    fn foreign(&self, identity: &Identity) -> Option<Finding> {
        let owner = self.standing.uid;
        let foreign = owner != 0 && owner != identity.uid;
        foreign.then(|| self.find(Code::ForeignOwner, format!("its owner is {owner}, and {identity} runs it")))
    }

    fn replaceable(&self) -> Option<Finding> {
        let writable = self.mount.as_ref().is_none_or(|mount| !mount.read_only);
        let what =
            || self.find(Code::Replaceable, "its mount is not read-only, and its mode lets this user write".to_owned());
        (writable && self.may_write).then(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::finding::Severity;

    fn identity(uid: u32) -> Identity {
        Identity { uid, gid: 1000, groups: Vec::new() }
    }

    fn executable(mode: u32) -> Executable {
        Executable {
            path: "/opt/keyferry/keyferry-helper".to_owned(),
            standing: Standing { mode, uid: 1000, gid: 1000 },
            mount: Some(Mount {
                point: "/opt/keyferry".into(),
                root: "/".into(),
                kind: "tmpfs".to_owned(),
                read_only: true,
                no_exec: false,
            }),
            runs: true,
            may_write: false,
        }
    }

    fn found(executable: &Executable, group_exec: Option<bool>) -> Vec<(Code, Severity)> {
        let findings = executable.judge(&identity(1000), group_exec);
        findings.iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn what_install_leaves_has_no_finding() {
        for group_exec in [None, Some(false), Some(true)] {
            assert_eq!(found(&executable(0o500), group_exec), []);
        }
    }

    #[test]
    fn a_group_right_is_judged_by_the_option_that_the_agent_has() {
        assert_eq!(found(&executable(0o550), Some(true)), [(Code::RefusedInOneMode, Severity::Note)]);
        assert_eq!(found(&executable(0o550), None), [(Code::RefusedInOneMode, Severity::Note)]);
        assert_eq!(found(&executable(0o550), Some(false)), [(Code::Refused, Severity::Error)]);
        for group_exec in [None, Some(false), Some(true)] {
            assert_eq!(found(&executable(0o555), group_exec), [(Code::Refused, Severity::Error)]);
            assert_eq!(found(&executable(0o570), group_exec), [(Code::Refused, Severity::Error)]);
        }
    }

    #[test]
    fn who_cannot_run_it_is_told_and_why() {
        let closed = Executable { runs: false, ..executable(0o500) };
        assert_eq!(found(&closed, None), [(Code::NotExecutable, Severity::Error)]);
        let mut forbidden = closed;
        forbidden.mount.as_mut().unwrap().no_exec = true;
        assert_eq!(found(&forbidden, None), [(Code::NoExec, Severity::Error)]);
    }

    #[test]
    fn an_owner_who_is_neither_root_nor_the_user_is_a_warning() {
        let of = |uid| executable(0o500).judge(&identity(uid), None).len();
        assert_eq!((of(1000), of(1001)), (0, 1));
        let roots = Executable { standing: Standing { mode: 0o500, uid: 0, gid: 0 }, ..executable(0o500) };
        assert_eq!(roots.judge(&identity(1001), None), []);
    }

    #[test]
    fn it_can_be_replaced_where_mount_and_mode_both_let_it() {
        let writable = Executable { may_write: true, ..executable(0o500) };
        assert_eq!(found(&writable, None), [], "its mount is read-only");
        let mut open = writable;
        open.mount.as_mut().unwrap().read_only = false;
        assert_eq!(found(&open, None), [(Code::Replaceable, Severity::Note)]);
        assert_eq!(found(&Executable { mount: None, ..open }, None), [(Code::Replaceable, Severity::Note)]);
    }
}
