//! Who may do what with a file, and whether Datadog runs it: pure, so that the rules are tables.

use std::fmt;

/// A user with its groups, as the kernel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's number.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
    /// Its other groups.
    pub groups: Vec<u32>,
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.uid, self.gid)?;
        self.groups.iter().filter(|group| **group != self.gid).try_for_each(|group| write!(formatter, ",{group}"))
    }
}

/// Mode and owners of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The permission bits, 0 to 0o7777.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04o} {}:{}", self.mode, self.uid, self.gid)
    }
}

/// What somebody wants of a file, as the bit of one class in its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To read it.
    Read = 4,
    /// To write it.
    Write = 2,
    /// To run it, or to go through the folder.
    Execute = 1,
}

impl Identity {
    /// Whether the mode lets this identity do it. Root reads and writes anything, and runs what anybody may run: it is taken to
    /// have its capabilities, which a pod of restricted Pod Security has dropped.
    pub fn may(&self, want: Want, standing: Standing) -> bool {
        let bits = match want {
            Want::Execute if self.uid == 0 => standing.mode | standing.mode >> 3 | standing.mode >> 6,
            _ if self.uid == 0 => return true,
            _ if self.uid == standing.uid => standing.mode >> 6,
            _ if self.is_in(standing.gid) => standing.mode >> 3,
            _ => standing.mode,
        };
        bits & want as u32 != 0
    }

    fn is_in(&self, group: u32) -> bool {
        self.gid == group || self.groups.contains(&group)
    }
}

/// How Datadog looks at its secret backend's executable: `secret_backend_command_allow_group_exec_perm` is this option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightsMode {
    /// Without the option, Datadog's own default.
    Default,
    /// With the option, as Datadog's images set it.
    GroupExec,
}

impl RightsMode {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Default, Self::GroupExec];
}

/// Why Datadog does not run an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The group, or others, have some right.
    OpenToGroupOrOthers,
    /// The group can write it, or others have some right.
    OpenBeyondGroup,
    /// The agent's user cannot run it.
    NotExecutable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OpenToGroupOrOthers => "refused: the group or others have rights on it",
            Self::OpenBeyondGroup => "refused: the group can write it, or others have rights on it",
            Self::NotExecutable => "refused: the user cannot execute it",
        })
    }
}

/// Datadog's verdict on an executable of this mode, in the order of its own checks. `executable` is what `access(X_OK)` says for
/// the user; the owner does not matter (Agents before about 7.60 wanted it to be the user).
pub fn datadog(mode: u32, option: RightsMode, executable: bool) -> Result<(), Refusal> {
    match option {
        RightsMode::Default if mode & 0o077 != 0 => Err(Refusal::OpenToGroupOrOthers),
        RightsMode::GroupExec if mode & 0o027 != 0 => Err(Refusal::OpenBeyondGroup),
        _ if !executable => Err(Refusal::NotExecutable),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(uid: u32, gid: u32, groups: &[u32]) -> Identity {
        Identity { uid, gid, groups: groups.to_vec() }
    }

    /// `rwxr-x---` of a mode.
    fn letters(mode: u32) -> Vec<char> {
        let bit = |place: u32| if mode & 1 << (8 - place) == 0 { '-' } else { ['r', 'w', 'x'][place as usize % 3] };
        (0..9).map(bit).collect()
    }

    /// The rule once more, in letters: the first class that fits decides, and root may all but run what nobody can run.
    fn permitted(who: &Identity, letter: char, file: Standing) -> bool {
        let shown = letters(file.mode);
        let class = if who.uid == file.uid {
            &shown[0..3]
        } else if who.gid == file.gid || who.groups.contains(&file.gid) {
            &shown[3..6]
        } else {
            &shown[6..9]
        };
        match (who.uid, letter) {
            (0, 'x') => shown.contains(&'x'),
            (0, _) => true,
            _ => class.contains(&letter),
        }
    }

    fn everybody() -> Vec<Identity> {
        vec![
            identity(0, 0, &[]),
            identity(1000, 1000, &[]),
            identity(1000, 2000, &[]),
            identity(3000, 1000, &[]),
            identity(3000, 3000, &[5, 1000]),
            identity(3000, 3000, &[]),
            identity(1_000_820_000, 0, &[1_000_820_000]),
        ]
    }

    const OWNERS: [(u32, u32); 5] = [(0, 0), (1000, 1000), (0, 1000), (1_000_820_000, 0), (3000, 0)];

    #[test]
    fn every_mode_for_every_class_gives_what_the_letters_say() {
        for mode in 0..=0o777 {
            for (uid, gid) in OWNERS {
                for who in everybody() {
                    let file = Standing { mode, uid, gid };
                    for (want, letter) in [(Want::Read, 'r'), (Want::Write, 'w'), (Want::Execute, 'x')] {
                        assert_eq!(who.may(want, file), permitted(&who, letter, file), "{who} {letter} {file}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_mode_in_both_options_gives_datadogs_verdict() {
        for mode in 0..=0o777 {
            let shown = letters(mode);
            let [group, others] = [&shown[3..6], &shown[6..9]];
            let closed = |letters: &[char]| letters.iter().all(|letter| *letter == '-');
            for (uid, gid) in OWNERS {
                for who in everybody() {
                    let runs = permitted(&who, 'x', Standing { mode, uid, gid });
                    let default = closed(group) && closed(others) && runs;
                    let option = group[1] == '-' && closed(others) && runs;
                    assert_eq!(datadog(mode, RightsMode::Default, runs).is_ok(), default, "{mode:o} {who}");
                    assert_eq!(datadog(mode, RightsMode::GroupExec, runs).is_ok(), option, "{mode:o} {who}");
                }
            }
        }
    }

    #[test]
    fn the_modes_that_install_sets_are_accepted_where_they_are_meant() {
        let owned = Standing { mode: 0o500, uid: 1000, gid: 1000 };
        let shared = Standing { mode: 0o550, uid: 0, gid: 1000 };
        let verdict = |file: Standing, who: &Identity, option| datadog(file.mode, option, who.may(Want::Execute, file));
        for option in RightsMode::BOTH {
            assert_eq!(verdict(owned, &identity(1000, 0, &[]), option), Ok(()));
            assert_eq!(verdict(owned, &identity(1001, 1000, &[]), option), Err(Refusal::NotExecutable));
        }
        let member = identity(1001, 0, &[1000]);
        assert_eq!(verdict(shared, &member, RightsMode::Default), Err(Refusal::OpenToGroupOrOthers));
        assert_eq!(verdict(shared, &member, RightsMode::GroupExec), Ok(()));
        assert_eq!(
            verdict(Standing { mode: 0o555, ..shared }, &member, RightsMode::GroupExec),
            Err(Refusal::OpenBeyondGroup)
        );
    }

    #[test]
    fn special_bits_change_nothing() {
        for special in [0o1000, 0o2000, 0o4000] {
            assert_eq!(datadog(0o500 | special, RightsMode::Default, true), Ok(()));
        }
    }
}
