//! What an agent's pod needs, as YAML to be merged into its manifest: for who has nothing but the helper's image.
//!
//! Pure: handles in, text out. Only the keys that handles name are mounted, so a handle that nobody asks for is in no file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::mount::Item;

/// Where the program is installed, in a volume in memory.
pub const PROGRAM_FOLDER: &str = "/opt/keyferry";

/// Where the keys are mounted.
pub const ROOT: &str = "/run/keyferry";

/// The volume with the program.
pub const PROGRAM_VOLUME: &str = "keyferry-helper";

/// The volume with the keys.
pub const SECRETS_VOLUME: &str = "keyferry-secrets";

/// Why there can be no such pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A handle names a file where another needs a folder.
    FileAndFolder(String),
    /// Two keys would have the same path.
    Twice(String),
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileAndFolder(path) => {
                write!(to, "{path:?} is a file for one handle and a folder for another: rename one of the keys")
            }
            Self::Twice(path) => write!(to, "two keys would be mounted as {path:?}: rename one of them"),
        }
    }
}

/// The part of a pod's spec that shows `items` to the container `agent`, with the program from `image`.
///
/// # Errors
/// The items cannot be files of one volume.
pub fn pod(items: &BTreeSet<Item>, image: &str) -> Result<String, Error> {
    placeable(items)?;
    let frame = FRAME.replace("{image}", &quoted(image));
    Ok(frame + &sources(items))
}

/// Paths must be different, and none may be a folder of another.
fn placeable(items: &BTreeSet<Item>) -> Result<(), Error> {
    let mut paths = BTreeSet::new();
    if let Some(item) = items.iter().find(|item| !paths.insert(item.path.as_str())) {
        return Err(Error::Twice(item.path.clone()));
    }
    let folders = paths.iter().flat_map(|path| path.match_indices('/').filter_map(|(end, _)| path.get(..end)));
    match folders.into_iter().find(|folder| paths.contains(folder)) {
        Some(folder) => Err(Error::FileAndFolder(folder.to_owned())),
        None => Ok(()),
    }
}

/// A source for each Secret, with its keys.
fn sources(items: &BTreeSet<Item>) -> String {
    let mut secrets: BTreeMap<(&str, Option<&str>), Vec<&Item>> = BTreeMap::new();
    for item in items {
        secrets.entry((&item.secret, item.namespace.as_deref())).or_default().push(item);
    }
    secrets.iter().map(|((secret, namespace), items)| source(secret, *namespace, items)).collect()
}

fn source(secret: &str, namespace: Option<&str>, items: &[&Item]) -> String {
    let comment = namespace.map(|namespace| {
        format!("          # Handles call it {namespace}/{secret}: this pod needs it in its own namespace.\n")
    });
    let keys: String = items.iter().map(|item| key(item)).collect();
    let head = format!(
        "          - secret:\n              name: {}\n              optional: true\n              items:\n",
        quoted(secret)
    );
    comment.unwrap_or_default() + &head + &keys
}

fn key(item: &Item) -> String {
    format!(
        "                - key: {}\n                  path: {}\n                  mode: 0400\n",
        quoted(&item.key),
        quoted(&item.path)
    )
}

/// A JSON string is a YAML string, whatever is in it: `true`, `1e3`, a colon.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

const FRAME: &str = "\
# Merge this into the pod of the agent. `agent` is the container that resolves handles; no other one needs the mounts.
# Files are readable for the pod's fsGroup: set it to a group of the agent (on OpenShift it is set already).
# A different user in the agent's container than in the init container needs `--mode`, `0550` in its args.
spec:
  securityContext:
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  initContainers:
    - name: keyferry-helper
      image: {image}
      args: [\"install\", \"--to\", \"/opt/keyferry\", \"--root\", \"/run/keyferry\"]
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop: [\"ALL\"]
        readOnlyRootFilesystem: true
        runAsGroup: 0
        runAsNonRoot: true
      resources:
        requests:
          cpu: 10m
          memory: 16Mi
        limits:
          memory: 32Mi
      volumeMounts:
        - name: keyferry-helper
          mountPath: /opt/keyferry
  containers:
    - name: agent
      env:
        - name: DD_SECRET_BACKEND_COMMAND
          value: /opt/keyferry/keyferry-helper
        - name: DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM
          value: \"true\"
      volumeMounts:
        - name: keyferry-helper
          mountPath: /opt/keyferry
          readOnly: true
        - name: keyferry-secrets
          mountPath: /run/keyferry
          readOnly: true
  volumes:
    - name: keyferry-helper
      emptyDir:
        medium: Memory
        sizeLimit: 8Mi
    - name: keyferry-secrets
      projected:
        defaultMode: 0400
        sources:
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::Handle;
    use crate::mount;

    fn items(handles: &[&str]) -> BTreeSet<Item> {
        handles
            .iter()
            .map(|handle| mount::item(&Handle::parse(handle).unwrap(), Some("agent"), ROOT).unwrap())
            .collect()
    }

    #[test]
    fn the_volume_has_exactly_the_keys_that_handles_name() {
        let yaml =
            pod(&items(&["api-key", "db/user", "db/password", "ns/db;password", "api-key;base64"]), "image:1").unwrap();
        let volume = yaml.split_once("  sources:\n").unwrap().1;
        let expected = r#"          - secret:
              name: "agent"
              optional: true
              items:
                - key: "api-key"
                  path: "api-key"
                  mode: 0400
          - secret:
              name: "db"
              optional: true
              items:
                - key: "password"
                  path: "db/password"
                  mode: 0400
                - key: "user"
                  path: "db/user"
                  mode: 0400
          # Handles call it ns/db: this pod needs it in its own namespace.
          - secret:
              name: "db"
              optional: true
              items:
                - key: "password"
                  path: "ns/db/password"
                  mode: 0400
"#;
        assert_eq!(volume, expected);
    }

    #[test]
    fn the_image_is_quoted_and_the_names_are_the_published_ones() {
        let yaml = pod(&items(&["a"]), "x\" # y").unwrap();
        assert!(yaml.contains("image: \"x\\\" # y\"\n"));
        for name in [PROGRAM_FOLDER, ROOT, PROGRAM_VOLUME, SECRETS_VOLUME] {
            assert!(FRAME.contains(name), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_one_tree_is_refused() {
        assert_eq!(pod(&items(&["db", "db/user"]), ""), Err(Error::FileAndFolder("db".into())));
        let twice = [None, Some("other")]
            .map(|secret| mount::item(&Handle::parse("a").unwrap(), secret.or(Some("agent")), ROOT));
        assert_eq!(pod(&twice.into_iter().flatten().collect(), ""), Err(Error::Twice("a".into())));
    }
}
