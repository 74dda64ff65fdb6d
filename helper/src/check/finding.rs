//! What a check can find: a closed list, each with a name that scripts may rely on, its weight, its words and its cure.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An agent will not get a value, or anybody may take one. The exit status is 1.
    Error,
    /// It works, and something is weaker or staler than it need be.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which of the list.
    pub code: Code,
    /// Its weight here; the code's own if nothing speaks against it.
    pub severity: Severity,
    /// What is so, with names, modes and lines; never a value.
    pub what: String,
    /// The file, variable or line that it is about.
    pub place: String,
}

impl Finding {
    /// A finding of the code's own weight.
    pub fn new(code: Code, place: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self { code, severity: code.severity(), what: what.to_string(), place: place.to_string() }
    }

    /// The same finding with another weight.
    #[must_use]
    pub fn as_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

/// Codes and what each stands for, from one table: name, id, severity, title, cure.
macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $cure:literal)+) => {
        /// What a check can find. [`Code::title`] says what each is; an id is never given to anything else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $id] $name,)+
        }

        impl Code {
            /// All of them, in the order of their ids.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name that scripts may rely on.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The usual weight.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What it is, in a line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What to do about it.
            pub fn cure(self) -> &'static str {
                match self { $(Self::$name => $cure,)+ }
            }
        }
    };
}

codes! {
    Refused "KFH001" Error "Datadog refuses to run the executable"
        "Install it again with `keyferry-helper install`: mode 0500 for the user that runs the agent, or 0550 with its group and DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM=true."
    RefusedInOneMode "KFH002" Note "Datadog runs the executable only with allow_group_exec_perm"
        "Keep DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM=true (Datadog's images set it), or install with mode 0500 as the user that runs the agent."
    NotExecutable "KFH003" Error "This user cannot run the executable"
        "Install it from an init container of the same pod, with the same runAsUser, or give it the group of the agent and mode 0550."
    NoExec "KFH004" Error "The executable lies on a mount that forbids execution"
        "Install it into a memory emptyDir (`medium: Memory`), which allows execution."
    ForeignOwner "KFH005" Warning "The executable belongs to another user, who can change it"
        "Install it as the user that runs the agent, or let root own it."
    Replaceable "KFH006" Note "Who runs here can replace the executable"
        "Mount its volume with `readOnly: true` in every container but the one that installs it."
    ExecutableUnknown "KFH007" Warning "The executable's own rights could not be read"
        "Run the check in the agent's container, with /proc mounted."

    RootMissing "KFH010" Error "A root cannot be opened"
        "Mount the volume with the keys at this path, or name the path where it is mounted with --root."
    RootOnDisk "KFH011" Warning "A root is not in memory"
        "Mount the keys from a Kubernetes projected or secret volume, or a Docker Swarm secret: these are held in memory."
    RootWritable "KFH012" Warning "A root is mounted for writing"
        "Set `readOnly: true` on the volumeMount."
    WorldReadable "KFH013" Warning "Every user of the container can read the keys"
        "Set `defaultMode: 0400` on the volume and `fsGroup` in the pod's securityContext; in Docker, `mode` and `uid` of the secret."
    Unreadable "KFH014" Error "This user cannot read the keys"
        "Set `fsGroup` in the pod's securityContext: mode 0400 alone leaves the keys to root. In Docker, set `uid` of the secret."
    NoGenerations "KFH015" Note "A root has no generations"
        "Nothing, if this is no Kubernetes volume; keys that change together may then be read from different moments."
    Stale "KFH016" Error "The keys are older than --max-age"
        "Look at the ExternalSecret's conditions and at the pod's events (FailedMount); a missing key of a source that is not `optional: true` freezes the volume."
    SubPath "KFH017" Warning "A key is mounted by subPath and never changes"
        "Mount the whole volume, and choose its keys with `items`."
    RootByLink "KFH018" Note "A root is reached through a symbolic link"
        "Nothing; or name the folder itself, so that nobody can turn the link."
    MountsUnknown "KFH019" Warning "The mounts could not be read"
        "Run the check where /proc is mounted."

    TokenReachable "KFH020" Warning "The pod's ServiceAccount token can be read here"
        "Set `automountServiceAccountToken: false` on the pod, unless the agent itself asks the Kubernetes API; the helper never does."
    MountInRoot "KFH021" Warning "Another mount lies beneath a root"
        "Mount the keys at a folder of their own, such as /run/keyferry. The helper does not read what lies in the other mount."
    TokenInRoot "KFH022" Error "A ServiceAccount token lies among the keys"
        "Remove the serviceAccountToken source from the volume, or choose another root: a handle could name the token."

    HandleMissing "KFH030" Error "A handle has no file"
        "Add the key to the volume's `items`, or correct the handle; `keyferry render agent` prints the volume that a configuration needs."
    HandleEmpty "KFH031" Error "A handle's value is empty"
        "Give the remote secret a value; Datadog takes an empty one for a failure."
    HandleTooLong "KFH032" Error "A handle's value is too long"
        "Keep the value below the limit; a value is never cut."
    HandleLineBreak "KFH033" Warning "A handle's value ends with a line break"
        "Store the value without it, or set DD_SECRET_BACKEND_REMOVE_TRAILING_LINE_BREAK=true."
    HandleNotText "KFH034" Error "A handle's value is not UTF-8"
        "Add `;base64` to the handle and decode it where it is used, or store text."
    HandleEscapes "KFH035" Error "A handle leads out of its root"
        "Mount the file beneath a root; links and mounts that lead elsewhere are not followed."
    HandleGrammar "KFH036" Error "A handle has none of the forms"
        "Write it as the message says; docs/helper-protocol.md has all forms."
    HandleUnreadable "KFH037" Error "A handle's file cannot be read"
        "Let the user of the agent read the file: `fsGroup` in the pod's securityContext, or the file's own mode."
    HandleTemplate "KFH038" Note "A handle holds a template variable and cannot be checked"
        "Nothing; each value that the variable can take needs its key in the volume."
    HandleNotAllowed "KFH039" Error "A handle is not on the allow-list"
        "Add it to the allow-list, or take it out of the configuration."
    HandleField "KFH040" Error "A handle's field is not in its JSON file"
        "Correct the field, or store a JSON object whose field is a string."
    BatchTooLong "KFH041" Error "All values together are longer than the agent reads"
        "Raise DD_SECRET_BACKEND_OUTPUT_MAX_SIZE, or use fewer or shorter values."
    HandleKind "KFH042" Error "A handle's file is not a regular file"
        "Name a file: a folder, a pipe or a device is never read."

    ConfigurationUnread "KFH050" Error "A configuration cannot be read"
        "Name a file or a folder that this user can read."
    ConfigurationBroken "KFH051" Error "A part of a configuration is neither YAML nor JSON"
        "Mend it as the message says; its handles are not known."
    Mistake "KFH052" Warning "A value looks like a handle and is not resolved"
        "Mend it as the message says."
    NoHandles "KFH053" Note "The configuration has no handle"
        "Nothing, if that is meant; a handle is a whole value `ENC[...]`."

    KeyUnused "KFH060" Warning "Keys are mounted that no handle uses"
        "Leave them out of the volume's `items`."
    RunsAsRoot "KFH061" Warning "The agent runs as root"
        "Set `runAsNonRoot: true` and `runAsUser` in the pod's securityContext, where the agent's own checks allow it."
    SettingsUnusable "KFH062" Error "The helper's settings or its allow-list cannot be used"
        "Mend helper.json or the allow-list as the message says; until then no handle is answered."

    CommandMissing "KFH070" Error "DD_SECRET_BACKEND_COMMAND names no file"
        "Mount the volume with the helper at that path, and look at the log of the init container that installs it."
    CommandOther "KFH071" Warning "DD_SECRET_BACKEND_COMMAND is another program"
        "Set it to this helper's path."
    TypeIgnored "KFH072" Warning "DD_SECRET_BACKEND_TYPE is set beside the command"
        "Remove it: the command is used, and Datadog's chart grants rights on Secrets for any type."
    VariableInvalid "KFH073" Error "A DD_SECRET_BACKEND variable has no sense"
        "Write a whole number of at least 1, or `true` or `false`."
    ArgumentsUnusable "KFH074" Error "The helper does not take the arguments in DD_SECRET_BACKEND_ARGUMENTS"
        "Name absolute paths of roots, separated by spaces, or leave the variable out; `keyferry-helper --help` has all arguments."
    NoRefresh "KFH075" Warning "The agent never reads a rotated value"
        "Set DD_SECRET_REFRESH_INTERVAL to a number of seconds."
    RootNotGiven "KFH076" Warning "The agent gives the helper another root"
        "Let DD_SECRET_BACKEND_ARGUMENTS and --root agree."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_each_there_once() {
        let ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("KFH")));
    }

    #[test]
    fn every_code_has_words_and_a_cure_that_is_a_sentence() {
        for code in Code::ALL {
            assert!(!code.title().ends_with('.') && code.title().len() > 10, "{code:?}");
            assert!(code.cure().ends_with('.'), "{code:?}");
        }
    }
}
