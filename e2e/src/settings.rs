//! What the environment says about a run, in the one place that looks at it.
//!
//! A test has no command line, so [`Settings::from_environment`] reads the variables alone; `keyferry-dev` takes the
//! same settings as flags too.

use std::path::{Path, PathBuf};

use clap::Parser;

/// Where the parts of a run come from.
#[derive(Clone, Debug, Parser)]
pub struct Settings {
    /// Folder of the built tools, `<name>/<version>/<binary>`; `~/.cache/keyferry/tools` where absent.
    #[arg(long, env = "KEYFERRY_TOOLS")]
    pub tools: Option<PathBuf>,
    /// Folder with etcd, kube-apiserver and kubectl, looked at before the tools' folder.
    #[arg(long, env = "KUBEBUILDER_ASSETS")]
    pub assets: Option<PathBuf>,
    /// A cluster that exists; where absent a control plane is started on loopback.
    #[arg(long, env = "KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// Takes the cluster of `KUBECONFIG` although it is not on loopback. Tests create, grant and delete there.
    #[arg(long, env = "KEYFERRY_E2E_REMOTE")]
    pub remote: bool,
    /// The operator's binary; `keyferry` of the same build where absent.
    #[arg(long, env = "KEYFERRY_BIN")]
    pub operator: Option<PathBuf>,
    /// Leaves logs and data in the temporary folder when the run ends.
    #[arg(long, env = "KEYFERRY_E2E_KEEP")]
    pub keep: bool,
    /// Runs the fault trials at full size, which takes minutes.
    #[arg(long, env = "KEYFERRY_TRIALS", hide = true)]
    pub trials: bool,
    /// The name of the ground that `e2e/tools/node.py` has made for a node, which is also its cgroup's.
    #[arg(long, env = "KEYFERRY_NODE", hide = true)]
    pub node: Option<String>,
    #[arg(long, env = "XDG_CACHE_HOME", hide = true)]
    cache: Option<PathBuf>,
    #[arg(long, env = "HOME", hide = true)]
    home: Option<PathBuf>,
}

impl Settings {
    /// The settings of a test run; empty variables count as absent.
    pub fn from_environment() -> Self {
        Self::parse_from(["e2e"]).without_empty()
    }

    /// Drops paths that are empty strings, which is how a Makefile passes what it does not have.
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        for path in [&mut self.tools, &mut self.assets, &mut self.kubeconfig, &mut self.operator, &mut self.cache] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        self
    }

    /// The folder of the built tools.
    pub fn tools_folder(&self) -> PathBuf {
        let home = || self.home.clone().unwrap_or_else(|| PathBuf::from("/"));
        let cache = || self.cache.clone().unwrap_or_else(|| home().join(".cache"));
        self.tools.clone().unwrap_or_else(|| cache().join("keyferry/tools"))
    }
}

/// The folder of the repository that this library was built from.
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
