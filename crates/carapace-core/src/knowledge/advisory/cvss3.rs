//! The base score of CVSS 3.0 and 3.1 vectors
//! (<https://www.first.org/cvss/v3.1/specification-document>, section 7.1).
//!
//! Versions 2 and 4 are the `cvss` library's. Version 3 is here because that library raises to a
//! power by way of the system's mathematics library, and to load that is a tenth of a whole run; a
//! test holds every base vector against it.

/// The metrics of a base score, with their weights.
#[derive(Default)]
struct Base {
    attack_vector: Option<f64>,
    attack_complexity: Option<f64>,
    /// The weight where the scope is unchanged, and where it is changed.
    privileges: Option<(f64, f64)>,
    user_interaction: Option<f64>,
    is_scope_changed: Option<bool>,
    confidentiality: Option<f64>,
    integrity: Option<f64>,
    availability: Option<f64>,
}

/// The base score of a vector, 0.0 to 10.0; none if it is no vector of version 3 or lacks a base
/// metric. Temporal and environmental metrics do not change it.
#[must_use]
pub fn base_score(vector: &str) -> Option<f64> {
    let metrics = vector
        .strip_prefix("CVSS:3.1/")
        .or_else(|| vector.strip_prefix("CVSS:3.0/"))?;
    let mut base = Base::default();
    for metric in metrics.split('/') {
        let (name, value) = metric.split_once(':')?;
        let is_new = match name {
            "AV" => base.attack_vector.replace(weight(
                value,
                &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)],
            )?),
            "AC" => base
                .attack_complexity
                .replace(weight(value, &[("L", 0.77), ("H", 0.44)])?),
            "PR" => {
                let unchanged = weight(value, &[("N", 0.85), ("L", 0.62), ("H", 0.27)])?;
                let changed = weight(value, &[("N", 0.85), ("L", 0.68), ("H", 0.5)])?;
                base.privileges
                    .replace((unchanged, changed))
                    .map(|(unchanged, _)| unchanged)
            }
            "UI" => base
                .user_interaction
                .replace(weight(value, &[("N", 0.85), ("R", 0.62)])?),
            "S" => {
                let changed = weight(value, &[("U", 0.0), ("C", 1.0)])? > 0.5;
                base.is_scope_changed.replace(changed).map(|_| 0.0)
            }
            "C" => base.confidentiality.replace(impact(value)?),
            "I" => base.integrity.replace(impact(value)?),
            "A" => base.availability.replace(impact(value)?),
            _ => None,
        }
        .is_none();
        // A metric has one value.
        if !is_new {
            return None;
        }
    }
    base.score()
}

fn weight(value: &str, weights: &[(&str, f64)]) -> Option<f64> {
    let mut weights = weights.iter();
    weights
        .find(|(name, _)| *name == value)
        .map(|(_, weight)| *weight)
}

fn impact(value: &str) -> Option<f64> {
    weight(value, &[("H", 0.56), ("L", 0.22), ("N", 0.0)])
}

impl Base {
    fn score(&self) -> Option<f64> {
        let changed = self.is_scope_changed?;
        let unhurt =
            (1.0 - self.confidentiality?) * (1.0 - self.integrity?) * (1.0 - self.availability?);
        let sub_score = 1.0 - unhurt;
        let impact = if changed {
            7.52 * (sub_score - 0.029) - 3.25 * (sub_score - 0.02).powi(15)
        } else {
            6.42 * sub_score
        };
        let privileges = match (self.privileges?, changed) {
            ((_, weight), true) | ((weight, _), false) => weight,
        };
        let exploitability = 8.22
            * self.attack_vector?
            * self.attack_complexity?
            * privileges
            * self.user_interaction?;
        let sum = if changed {
            1.08 * (impact + exploitability)
        } else {
            impact + exploitability
        };
        Some(if impact <= 0.0 {
            0.0
        } else {
            round_up(sum.min(10.0))
        })
    }
}

/// The smallest number with one decimal that is not below the input, by whole numbers so that no
/// machine rounds it otherwise (specification, appendix A).
fn round_up(input: f64) -> f64 {
    let scaled = (input * 100_000.0).round();
    if scaled % 10_000.0 == 0.0 {
        scaled / 100_000.0
    } else {
        ((scaled / 10_000.0).floor() + 1.0) / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_vector_is_scored_as_the_library_does() {
        let mut count = 0;
        for version in ["3.0", "3.1"] {
            for (av, ac) in [
                ("N", "L"),
                ("N", "H"),
                ("A", "L"),
                ("A", "H"),
                ("L", "L"),
                ("L", "H"),
                ("P", "L"),
                ("P", "H"),
            ] {
                for (pr, ui) in [
                    ("N", "N"),
                    ("N", "R"),
                    ("L", "N"),
                    ("L", "R"),
                    ("H", "N"),
                    ("H", "R"),
                ] {
                    for impact in 0..54 {
                        let level = |at: u32| ["N", "L", "H"][(impact / 3_usize.pow(at)) % 3];
                        let scope = ["U", "C"][impact / 27];
                        let (c, i, a) = (level(0), level(1), level(2));
                        let vector = format!(
                            "CVSS:{version}/AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:{scope}/C:{c}/I:{i}/A:{a}"
                        );
                        let library: cvss::Cvss = vector.parse().unwrap();
                        assert!(
                            (base_score(&vector).unwrap() - library.score()).abs() < 1e-9,
                            "{vector}"
                        );
                        count += 1;
                    }
                }
            }
        }
        assert_eq!(count, 5184);
    }

    #[test]
    fn what_is_no_vector_has_no_score() {
        let base = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        assert_eq!(base_score(base), Some(9.8));
        assert_eq!(base_score(&format!("{base}/E:U/RL:O")), Some(9.8));
        for wrong in [
            "",
            "CVSS:3.1/",
            "CVSS:2.0/AV:N",
            &base.replace("/A:H", ""),
            &base.replace("AV:N", "AV:X"),
            &format!("{base}/AV:N"),
            &format!("{base}/x"),
        ] {
            assert_eq!(base_score(wrong), None, "{wrong}");
        }
    }
}
