//! What the rules on unsound code share: from a fault to a finding.
