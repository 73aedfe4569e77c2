//! What Linux lets a process take away from itself without being anybody's administrator.
//!
//! Mounts come first: they hide folders, with the sockets in them, and make everything else
//! read-only. Landlock comes behind them, or in their place: it knows no folder to be hidden, so what
//! may be read is all the others. Capabilities, which the mounts took, go last.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::fs::{Mode, OFlags};
use rustix::mount::MountFlags;

use super::Walls;

/// The newest rules that this has been thought through for.
const RULES: ABI = ABI::V7;
/// Devices that are nobody's.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/full"];
/// How many mounts are made read-only, and how many entries of folders are looked at.
const MAX_ENTRIES: usize = 100_000;

/// What mounts have done.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mounted {
    /// Hidden folders are empty, but for what may be read.
    pub(super) is_hidden: bool,
    /// Everything but the own folder is read-only.
    pub(super) is_read_only: bool,
    /// `/proc` shows no processes but those of the namespace.
    pub(super) has_own_processes: bool,
}

/// What Landlock does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ruled {
    /// Nothing but the own folder is written to.
    pub(super) writing: bool,
    /// What is hidden is not read.
    pub(super) reading: bool,
    /// There is no TCP.
    pub(super) tcp: bool,
}

/// Makes the mounts, in a namespace of our own.
pub(super) fn mount(walls: &Walls) -> io::Result<Mounted> {
    hide(walls)?;
    let own = walls.own.as_path();
    if !walls.hidden.iter().any(|hidden| own.starts_with(hidden)) {
        rustix::mount::mount_bind_recursive(own, own)?;
    }
    let is_read_only = make_read_only(own)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // In a container that hides parts of its own, it is refused.
    let processes = rustix::mount::mount("proc", "/proc", "proc", flags, None);
    Ok(Mounted {
        is_hidden: true,
        is_read_only,
        has_own_processes: processes.is_ok(),
    })
}

/// Lays an empty folder over each hidden one, and puts back what may be read.
fn hide(walls: &Walls) -> io::Result<()> {
    let mut kept: Vec<&Path> = walls.readable.iter().map(PathBuf::as_path).collect();
    kept.push(&walls.own);
    kept.retain(|folder| walls.hidden.iter().any(|hidden| folder.starts_with(hidden)));
    // A folder comes before what is in it.
    kept.sort_unstable();
    kept.dedup();
    let opened: Vec<(&Path, OwnedFd)> = kept
        .into_iter()
        .map(|folder| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok((folder, rustix::fs::open(folder, flags, Mode::empty())?))
        })
        .collect::<io::Result<_>>()?;
    for hidden in &walls.hidden {
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        rustix::mount::mount("none", hidden, "tmpfs", flags, c"size=16m,mode=755")?;
    }
    for (folder, opened) in &opened {
        fs::create_dir_all(folder)?;
        let source = format!("/proc/self/fd/{}", opened.as_raw_fd());
        rustix::mount::mount_bind_recursive(source, *folder)?;
    }
    Ok(())
}

/// Makes all mounts read-only but the own one: whether that was possible.
fn make_read_only(own: &Path) -> io::Result<bool> {
    let list = fs::read_to_string("/proc/self/mountinfo")?;
    let mut is_all = true;
    for line in list.lines().take(MAX_ENTRIES) {
        let mut fields = line.split(' ').skip(4);
        let (Some(at), Some(options)) = (fields.next(), fields.next()) else {
            continue;
        };
        let at = PathBuf::from(unescaped(at));
        if at.starts_with(own) {
            continue;
        }
        let flags = options.split(',').filter_map(flag);
        let flags = flags.fold(MountFlags::BIND | MountFlags::RDONLY, |all, flag| {
            all | flag
        });
        match rustix::mount::mount_remount(&at, flags, c"") {
            // What lies below another mount cannot be come by.
            Ok(()) | Err(rustix::io::Errno::NOENT | rustix::io::Errno::INVAL) => {}
            Err(_) => is_all = false,
        }
    }
    Ok(is_all)
}

/// The flag of a mount that is to stay as it is: nobody but its maker may take it away.
fn flag(option: &str) -> Option<MountFlags> {
    Some(match option {
        "nosuid" => MountFlags::NOSUID,
        "nodev" => MountFlags::NODEV,
        "noexec" => MountFlags::NOEXEC,
        "noatime" => MountFlags::NOATIME,
        "nodiratime" => MountFlags::NODIRATIME,
        "relatime" => MountFlags::RELATIME,
        "nosymfollow" => MountFlags::NOSYMFOLLOW,
        _ => return None,
    })
}

/// A path as the system's list of mounts has it: some bytes as octal numbers.
fn unescaped(path: &str) -> String {
    ["\\040", "\\011", "\\012"]
        .iter()
        .zip([" ", "\t", "\n"])
        .fold(path.to_owned(), |path, (escaped, plain)| {
            path.replace(escaped, plain)
        })
        .replace("\\134", "\\")
}

/// Has the only interface of a new network work, by which processes speak to themselves: what
/// `ip link set lo up` sends (<https://man7.org/linux/man-pages/man7/rtnetlink.7.html>).
pub(super) fn loopback() -> io::Result<()> {
    use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socket_with};
    const NEW_LINK: u16 = 16;
    const REQUEST: u16 = 1;
    const FIRST: i32 = 1;
    const UP: u32 = 1;
    let mut message = Vec::with_capacity(32);
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST.to_ne_bytes());
    // A number and a sender, then a family and a type, which are all nothing.
    message.extend([0; 12]);
    message.extend(FIRST.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    // No protocol is the one of routes.
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    send(&socket, &message, SendFlags::empty())?;
    Ok(())
}

/// Sets rules for this process and all that it becomes and starts. Where the system has none, nothing
/// holds.
pub(super) fn rule(walls: &Walls, mounted: &Mounted, has_network: bool) -> io::Result<Ruled> {
    let readable = match mounted.is_hidden {
        true => vec![PathBuf::from("/")],
        false => openings(walls),
    };
    let ruled = rules(walls, &readable, has_network).map_err(io::Error::other)?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(ruled)
}

fn rules(
    walls: &Walls,
    readable: &[PathBuf],
    has_network: bool,
) -> Result<Ruled, landlock::RulesetError> {
    let all = AccessFs::from_all(RULES);
    let read = AccessFs::from_read(RULES);
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let mut ruleset = Ruleset::default().handle_access(all)?;
    if !has_network {
        ruleset = ruleset.handle_access(AccessNet::from_all(RULES))?;
    }
    let status = ruleset
        .scope(Scope::from_all(RULES))?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(&walls.readable, read))?
        .add_rules(path_beneath_rules([&walls.own], all))?
        .add_rules(path_beneath_rules(DEVICES, device))?
        .restrict_self()?;
    let since = |needed: ABI| match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => {
            status.ruleset != RulesetStatus::NotEnforced && effective_abi >= needed
        }
        _ => false,
    };
    Ok(Ruled {
        reading: since(ABI::V1),
        // Before, a file could be cut that cannot be written.
        writing: since(ABI::V3),
        tcp: !has_network && since(ABI::V4),
    })
}

/// The folders and files that are neither hidden nor have something hidden in them, as few as
/// possible.
fn openings(walls: &Walls) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![PathBuf::from("/")];
    let mut seen = 0;
    while let Some(folder) = todo.pop() {
        if walls.hidden.contains(&folder) {
            continue;
        }
        if !walls
            .hidden
            .iter()
            .any(|hidden| hidden.starts_with(&folder))
        {
            found.push(folder);
            continue;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            // A link is what it leads to, which has a rule of its own.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !is_link && seen < MAX_ENTRIES {
                todo.push(entry.path());
            }
        }
    }
    found
}

/// Gives away what the namespaces gave, or root has, for good.
pub(super) fn drop_capabilities() -> io::Result<()> {
    use rustix::thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities,
    };
    if capabilities(None)?
        .effective
        .contains(CapabilitySet::SETPCAP)
    {
        for capability in 0..u64::BITS {
            let capability = CapabilitySet::from_bits_retain(1 << capability);
            match remove_capability_from_bounding_set(capability) {
                // Not one of this system's.
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_all_but_the_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for name in ["a/b", "a/c", "d"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let walls = Walls {
            own: root.join("d"),
            hidden: vec![root.join("a/b")],
            readable: Vec::new(),
        };
        let open = openings(&walls);
        assert!(open.contains(&root.join("a/c")) && open.contains(&root.join("d")));
        let is_closed = |path: &Path| !open.iter().any(|open| path.starts_with(open));
        assert!(is_closed(&root.join("a/b/x")) && is_closed(&root.join("a")));
        assert!(open.contains(&PathBuf::from("/usr")));
    }

    #[test]
    fn paths_of_mounts_are_read() {
        assert_eq!(unescaped("/a\\040b\\134040"), "/a b\\040");
    }
}
