//! The files that a unit was compiled from, as rustc's `--emit=dep-info` lists them.

/// The files of a dep-info text: each has a rule of its own without prerequisites
/// (`write_out_deps` in `rustc_interface/src/passes.rs`), so that `make` does not stumble over one
/// that is gone. Spaces are escaped.
#[must_use]
pub fn files(text: &str) -> Vec<String> {
    let rules = text.lines().filter(|line| !line.starts_with('#'));
    rules
        .filter_map(|line| line.strip_suffix(':'))
        .map(|file| file.replace("\\ ", " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn each_file_has_a_rule() {
        let text = "/t/a-1.d: src/lib.rs src/a\\ b.rs\n\n/t/liba-1.rmeta: src/lib.rs src/a\\ b.rs\n\n\
                    src/lib.rs:\nsrc/a\\ b.rs:\nC:\\x.rs:\n\n# env-dep:OUT_DIR=/t:\n";
        assert_eq!(files(text), ["src/lib.rs", "src/a b.rs", "C:\\x.rs"]);
        assert!(files("").is_empty());
    }
}
