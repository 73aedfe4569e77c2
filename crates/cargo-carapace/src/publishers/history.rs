//! The registry's index over time, for the packages that are built.

use std::collections::BTreeSet;
use std::sync::Arc;

use carapace_core::graph::{Graph, Package};
use carapace_core::report::Gap;
use carapace_core::supply::Supply;

use crate::cli::Failure;
use crate::cli::args::PublishersArgs;
use crate::cli::audit::door;
use crate::host::progress::Progress;
use crate::host::registry::{self, RegistrySettings};

/// Adds the histories of the packages that are built, as the index tells them now, or copies of it
/// where nobody may be asked; and tells of which packages there is none.
///
/// # Errors
/// [`Failure`] for settings of the network that cannot be used.
pub(super) fn find(
    graph: &Graph,
    supply: &mut Supply,
    arguments: &PublishersArgs,
) -> Result<Vec<Gap>, Failure> {
    let published = supply.of_crates_io(graph);
    let published: Vec<&Package> = published.map(|(_, package, _)| package).collect();
    let names: BTreeSet<&str> = published.iter().map(|package| &*package.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let network = arguments.network;
    let offline = network.offline || network.frozen;
    let named = arguments.sources.registry_index.as_deref();
    let settings = RegistrySettings::of_user(named, offline)?;
    let door = match offline {
        true => None,
        false => Some(door()?),
    };
    let progress = Progress::new("asking the registry", names.len(), arguments.output.quiet);
    let tell = |done, _| progress.reached(done);
    let found = registry::histories(&names, &settings, door.as_ref(), &tell);
    let mut gaps = Vec::new();
    for (name, found) in names.into_iter().zip(found) {
        match found {
            Ok(history) => {
                supply.histories.insert(name.to_owned(), Arc::new(history));
            }
            Err(reason) => {
                let versions = published.iter().filter(|package| package.name == name);
                gaps.extend(versions.map(|package| Gap {
                    package: Some(package.id()),
                    ..Gap::new("history", reason.clone())
                }));
            }
        }
    }
    Ok(gaps)
}
