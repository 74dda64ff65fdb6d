//! `/proc/self/mountinfo`: which mount a path lies on, and which lie beneath it.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Bytes of the table that are read; a container has a few hundred mounts of some 200 bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// Mounts that are kept.
pub const MAX_MOUNTS: usize = 20_000;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// What of the file system is mounted there: `/` for all of it.
    pub root: PathBuf,
    /// The kind of file system, such as `tmpfs`.
    pub kind: String,
    /// Whether nothing can be written through it.
    pub read_only: bool,
    /// Whether nothing can be executed on it.
    pub no_exec: bool,
}

impl Mount {
    /// Whether its files are held in memory.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.kind.as_str(), "tmpfs" | "ramfs")
    }

    /// Whether it shows one generation of a Kubernetes volume, or one file of it, instead of the volume, as `subPath` does: the
    /// kubelet resolves the link `..data` before it mounts.
    pub fn is_sub_path(&self) -> bool {
        self.root.components().any(|part| part.as_os_str().as_bytes().starts_with(b"..2"))
    }
}

/// The mounts, in the order in which they were mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mounts(Vec<Mount>);

impl Mounts {
    /// Reads the kernel's table; a line in another form is left out, and so is what is beyond [`MAX_MOUNTS`].
    pub fn parse(table: &[u8]) -> Self {
        Self(table.split(|byte| *byte == b'\n').filter_map(mount).take(MAX_MOUNTS).collect())
    }

    /// The mount that a path lies on; the path must be absolute and free of links. Of two at one point it is the later, which
    /// hides the other.
    pub fn of(&self, path: &Path) -> Option<&Mount> {
        let around = self.0.iter().filter(|mount| path.starts_with(&mount.point));
        around.max_by_key(|mount| mount.point.components().count())
    }

    /// The mounts whose points lie beneath a folder, and not at it.
    pub fn beneath<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a Mount> {
        self.0.iter().filter(move |mount| mount.point != folder && mount.point.starts_with(folder))
    }
}

/// One line: `36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw`; the fields before the dash vary in number.
fn mount(line: &[u8]) -> Option<Mount> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [_, _, _, root, point, options, rest @ ..] = fields.as_slice() else { return None };
    let dash = rest.iter().position(|field| *field == b"-")?;
    let [kind, _, super_options, ..] = rest.get(dash + 1..)? else { return None };
    let has = |options: &[u8], name: &[u8]| options.split(|byte| *byte == b',').any(|option| option == name);
    Some(Mount {
        point: path(point)?,
        root: path(root)?,
        kind: String::from_utf8_lossy(kind).into_owned(),
        read_only: has(options, b"ro") || has(super_options, b"ro"),
        no_exec: has(options, b"noexec") || has(super_options, b"noexec"),
    })
}

/// A path, in which the kernel writes space, tab, line break and backslash as `\040` and so on.
fn path(field: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'\\').then(|| octal(after)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(3..)? } else { after };
    }
    bytes.starts_with(b"/").then(|| PathBuf::from(OsString::from_vec(bytes)))
}

/// The byte of three octal digits.
fn octal(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..3)?).ok()?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| u8::from_str_radix(digits, 8).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// As a kubelet and containerd leave it: the volume, a subPath of it, and the token beside it.
    const TABLE: &str = "\
1182 1023 0:231 / / rw,relatime master:352 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c
1186 1182 0:235 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1190 1182 0:228 / /run/keyferry ro,relatime - tmpfs tmpfs rw,size=65536k,noswap
1191 1182 0:229 / /opt/keyferry ro,relatime - tmpfs tmpfs rw,size=8192k
1192 1182 0:230 /..2026_11_22_04_53_35.2227448162/api-key /etc/app/api-key ro,relatime - tmpfs tmpfs rw,size=65536k
1193 1182 0:232 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,size=65536k
1194 1182 8:1 /var/lib/x /with\\040space\\011and\\134 rw,nosuid shared:1 master:2 propagate_from:3 - ext4 /dev/sda1 ro
";

    fn mounts() -> Mounts {
        Mounts::parse(TABLE.as_bytes())
    }

    #[test]
    fn a_path_lies_on_the_mount_with_the_longest_point() {
        let mounts = mounts();
        let of = |path: &str| mounts.of(Path::new(path)).map(|mount| mount.point.display().to_string());
        assert_eq!(of("/run/keyferry/..data/key").as_deref(), Some("/run/keyferry"));
        assert_eq!(of("/run/keyferry-other").as_deref(), Some("/"));
        assert_eq!(of("/etc/app/api-key").as_deref(), Some("/etc/app/api-key"));
        assert_eq!(of("relative"), None);
    }

    #[test]
    fn the_later_of_two_mounts_at_one_point_counts() {
        let table = format!("{TABLE}1200 1190 0:9 / /run/keyferry rw - ext4 /dev/sdb rw\n");
        assert_eq!(Mounts::parse(table.as_bytes()).of(Path::new("/run/keyferry/a")).unwrap().kind, "ext4");
    }

    #[test]
    fn read_only_and_noexec_are_read_from_the_mount_and_from_its_file_system() {
        let mounts = mounts();
        let of = |path: &str| mounts.of(Path::new(path)).unwrap();
        assert!(of("/run/keyferry").read_only && !of("/run/keyferry").no_exec && of("/run/keyferry").is_in_memory());
        assert!(of("/proc/self").no_exec && !of("/proc/self").read_only);
        assert!(of("/with space\tand\\/x").read_only && !of("/with space\tand\\/x").is_in_memory());
    }

    #[test]
    fn a_sub_path_is_known_by_the_generation_that_is_mounted() {
        let mounts = mounts();
        assert!(mounts.of(Path::new("/etc/app/api-key")).unwrap().is_sub_path());
        assert!(!mounts.of(Path::new("/run/keyferry/..data")).unwrap().is_sub_path());
    }

    #[test]
    fn mounts_beneath_a_folder_are_those_within_it() {
        let mounts = mounts();
        let points =
            |folder: &str| mounts.beneath(Path::new(folder)).map(|mount| mount.point.clone()).collect::<Vec<_>>();
        assert_eq!(points("/run/secrets"), [Path::new("/run/secrets/kubernetes.io/serviceaccount")]);
        assert_eq!(points("/run/keyferry"), [] as [PathBuf; 0]);
    }

    #[test]
    fn the_table_of_this_process_is_understood_line_by_line() {
        let table = std::fs::read("/proc/self/mountinfo").unwrap();
        let lines = table.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(Mounts::parse(&table).0.len(), lines);
        assert!(Mounts::parse(&table).of(Path::new("/proc/self")).unwrap().kind == "proc");
    }

    /// Knuth's linear congruential generator: the same bytes in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % bound
        }
    }

    fn escaped(path: &[u8]) -> String {
        path.iter().fold(String::new(), |mut text, byte| {
            match byte {
                b' ' | b'\t' | b'\n' | b'\\' => write!(text, "\\{byte:03o}").unwrap(),
                byte => text.push(char::from(*byte)),
            }
            text
        })
    }

    #[test]
    fn any_mount_is_read_back_as_it_was_written() {
        let random = &mut Random(7);
        for _ in 0..5_000 {
            let letters = b"a/. \t\n\\09,-:";
            let mut name = |most| -> Vec<u8> {
                let length = random.below(most);
                b"/".iter().copied().chain((0..length).map(|_| letters[random.below(letters.len())])).collect()
            };
            let (point, root) = (name(20), name(20));
            let (read_only, no_exec, optional) = (random.below(2) == 0, random.below(2) == 0, random.below(4));
            let options = [if read_only { "ro" } else { "rw" }, if no_exec { "noexec" } else { "exec" }].join(",");
            let tags = " shared:1".repeat(optional);
            let line = format!("1 2 0:3 {} {} {options}{tags} - tmpfs none rw", escaped(&root), escaped(&point));
            let expected = Mount {
                point: PathBuf::from(OsString::from_vec(point)),
                root: PathBuf::from(OsString::from_vec(root)),
                kind: "tmpfs".to_owned(),
                read_only,
                no_exec,
            };
            assert_eq!(Mounts::parse(line.as_bytes()).0, [expected], "{line}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_no_table_is_kept_beyond_the_bound() {
        let random = &mut Random(8);
        for _ in 0..20_000 {
            let pieces: [&[u8]; 9] = [b"1 2 0:3 / ", b"/a", b"\\04", b"\\400", b" - ", b"ro", b"\n", b"\xff", b" "];
            let table: Vec<u8> =
                (0..random.below(30)).flat_map(|_| pieces[random.below(pieces.len())].to_vec()).collect();
            let _ = Mounts::parse(&table).of(Path::new("/a"));
        }
        let line = "1 2 0:3 / /a rw - tmpfs none rw\n";
        assert_eq!(Mounts::parse(line.repeat(MAX_MOUNTS + 5).as_bytes()).0.len(), MAX_MOUNTS);
    }
}
