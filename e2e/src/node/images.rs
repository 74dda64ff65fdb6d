//! Images for the node: our own archives, and small ones that are built from a folder. There is no registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::Node;
use crate::process::run;
use crate::scratch::Scratch;

/// The image that holds each pod's namespaces open.
pub const PAUSE: &str = "pause";
/// The operator's archive, as `make images` names it.
pub const OPERATOR: &str = "operator";
/// The helper's archive, as `make images` names it.
pub const HELPER: &str = "helper";
/// Where a program lies in an image of [`Node::image`].
pub const PROGRAM: &str = "/program";

impl Node {
    /// Builds an image of one static program, which it runs, and answers what a pod's `image` is to say.
    ///
    /// Nothing else is in it; its user is 65532. Pods need `imagePullPolicy: Never`. A name is built once in a run.
    pub async fn image(&self, name: &str, program: &Path) -> Result<String> {
        let folder = Scratch::new("image", false)?;
        let target = folder.path().join(PROGRAM.trim_start_matches('/'));
        fs::copy(program, &target).with_context(|| format!("copy {}", program.display()))?;
        self.image_of_folder(name, folder.path(), &[PROGRAM]).await
    }

    /// Builds an image whose file system is `folder` and which runs `entrypoint`; its user is 65532. A name is built once.
    pub async fn image_of_folder(&self, name: &str, folder: &Path, entrypoint: &[&str]) -> Result<String> {
        let mut loaded = self.loaded.lock().await;
        if let Some(there) = loaded.get(&reference(name)) {
            return Ok(there.image.clone());
        }
        let built = self.build(name, folder, entrypoint).await?;
        Ok(loaded.entry(built.image.clone()).or_insert(built).image.clone())
    }

    async fn build(&self, name: &str, folder: &Path, entrypoint: &[&str]) -> Result<Shipped> {
        let work = Scratch::new("buildah", false)?;
        let file = work.write("Dockerfile", dockerfile(entrypoint))?;
        let (image, archive) = (reference(name), work.path().join("image.tar"));
        let mut build = buildah(work.path());
        build.args(["build", "--isolation", "chroot", "--tag", &image, "--file"]).arg(file).arg(folder);
        run(build).await.with_context(|| format!("build the image {name}"))?;
        let mut push = buildah(work.path());
        push.args(["push", &image]).arg(format!("docker-archive:{}:{image}", archive.display()));
        run(push).await.with_context(|| format!("write the image {name}"))?;
        self.containerd.import(&archive).await?;
        Ok(Shipped { image, size: fs::metadata(&archive)?.len() })
    }

    /// Loads the archive of `make images` for [`OPERATOR`] or [`HELPER`], and answers its name and the archive's bytes.
    pub async fn shipped(&self, name: &str) -> Result<Shipped> {
        let mut loaded = self.loaded.lock().await;
        if let Some(there) = loaded.get(name) {
            return Ok(there.clone());
        }
        let shipped = self.load(name).await?;
        Ok(loaded.entry(name.to_owned()).or_insert(shipped).clone())
    }

    async fn load(&self, name: &str) -> Result<Shipped> {
        let archive = target()?.join(format!("images/{name}.tar"));
        if !archive.is_file() {
            bail!("{} is not there: run `make images`", archive.display());
        }
        let names = self.containerd.import(&archive).await?;
        let image = names.into_iter().find(|name| name.starts_with("docker.io/")).with_context(|| {
            format!(
                "{} names no image of docker.io, which is what Kubernetes takes a short name for",
                archive.display()
            )
        })?;
        Ok(Shipped { image, size: fs::metadata(&archive)?.len() })
    }
}

/// An image that was loaded from an archive.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Its full name.
    pub image: String,
    /// The bytes of its archive, not compressed.
    pub size: u64,
}

impl Shipped {
    /// The name without its tag, and the tag.
    pub fn repository_and_tag(&self) -> (&str, &str) {
        self.image.rsplit_once(':').unwrap_or((&self.image, "latest"))
    }
}

/// The full name of an image of ours for tests.
pub fn reference(name: &str) -> String {
    format!("docker.io/keyferry-e2e/{name}:e2e")
}

/// The stand-in for an agent, built as a static program by `make e2e-node` for this machine's kind, whatever that is.
pub fn stand_in() -> Result<PathBuf> {
    let target = target()?;
    let kinds = fs::read_dir(&target).with_context(|| format!("read {}", target.display()))?.flatten();
    let built = kinds.map(|kind| kind.path().join("helper/stand-in")).find(|program| program.is_file());
    built.context("the stand-in is not built: run `make e2e-node`")
}

/// Datadog's code as a static program, built by `make e2e-node`; `e2e/datadog/README.md` says what it does.
pub fn agentclient() -> Result<PathBuf> {
    let program = target()?.join("agentclient");
    if !program.is_file() {
        bail!("{} is not there: run `make agentclient`", program.display());
    }
    Ok(program)
}

/// Cargo's folder that this program was built into: a test lies in `<target>/<profile>/deps`.
pub(super) fn target() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(3).context("a test lies in a target folder")?.to_owned())
}

fn dockerfile(entrypoint: &[&str]) -> String {
    format!("FROM scratch\nCOPY . /\nUSER 65532:65532\nENTRYPOINT {}\n", json!(entrypoint))
}

/// Its storage is thrown away with the folder; `vfs` needs no file system of a special kind.
fn buildah(work: &Path) -> Command {
    let mut command = Command::new("buildah");
    command.args(["--storage-driver", "vfs", "--root"]).arg(work.join("root")).arg("--runroot").arg(work.join("run"));
    command.env("TMPDIR", work);
    command
}
