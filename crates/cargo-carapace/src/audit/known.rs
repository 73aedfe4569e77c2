//! The findings that a run takes for known: the baseline's file.

use std::path::PathBuf;

use carapace_core::policy::known::{Known, KnownFindings};
use carapace_core::report::Report;

use super::inputs::{Inputs, shown};
use crate::cli::Failure;
use crate::gate::baseline;

/// The baseline where nothing names one.
const BASELINE: &str = "carapace-audit-baseline.toml";

/// Where a baseline is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineFile {
    /// The file.
    pub path: PathBuf,
    /// What it may not lie outside of; none for what the user names.
    pub tree: Option<PathBuf>,
}

impl BaselineFile {
    /// The file of the one project that is judged.
    ///
    /// # Errors
    /// [`Failure`] where there is none, or several.
    pub fn of_project(inputs: &Inputs) -> Result<Self, Failure> {
        match inputs.projects.as_slice() {
            [root] => Ok(Self {
                path: root.join(BASELINE),
                tree: Some(root.clone()),
            }),
            _ => Err(Failure(
                "--write-baseline: where is it written, as not one project is judged? name the \
                 file, --baseline FILE"
                    .to_owned(),
            )),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Failure`] with the file, what is wrong and what to do.
    pub fn read(&self) -> Result<Known, Failure> {
        let findings = baseline::read(&self.path, self.tree.as_deref(), KnownFindings::parse)?;
        Ok(self.known(findings))
    }

    /// Writes what a report has.
    ///
    /// # Errors
    /// [`Failure`] with the file and what is wrong.
    pub fn write(&self, report: &Report) -> Result<Known, Failure> {
        let findings = KnownFindings::of(report);
        baseline::write(&self.path, self.tree.as_deref(), &findings.write())?;
        Ok(self.known(findings))
    }

    fn known(&self, findings: KnownFindings) -> Known {
        Known {
            findings,
            file: shown(&self.path),
        }
    }
}
